"""Pictures that requests begin with: each stored once, under the hash of its file.

A request in the ledger names them and stays small; a job that goes on after a crash finds them.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from PIL import ExifTags, Image
from pydantic import BaseModel, ConfigDict

from webui.core.errors import UnknownId
from webui.core.files import write_atomically
from webui.core.pictures import STORED
from webui.imaging.ingest import opened_picture

_SIDEWAYS = frozenset({5, 6, 7, 8})
"""EXIF orientations that exchange width and height."""
_REF = re.compile(STORED)


class Stored(BaseModel):
    """A picture in the store. Width and height are what a viewer sees (EXIF rotation done)."""

    model_config = ConfigDict(frozen=True)

    id: str
    width: int
    height: int
    media_type: str


class Store:
    """The pictures of one data folder; any process may read, several may write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> Stored:
        """Keep a picture file as it is.

        Raises:
            UserError: it is no picture, broken or too large, or it cannot be written.
        """
        hash = hashlib.sha256(data).hexdigest()
        stored = _described(f"sha256:{hash}", data, whole=True)
        path = self._path(hash)
        if not path.exists():
            write_atomically(path, data)
        with suppress(OSError):
            path.touch()  # in use again: not to be collected soon
        return stored

    def data(self, ref: str) -> bytes:
        """The file, byte for byte.

        Raises:
            UnknownId: there is none of this name.
        """
        if not _REF.fullmatch(ref):
            raise UnknownId("stored_picture_gone")
        try:
            return self._path(ref.removeprefix("sha256:")).read_bytes()
        except OSError as error:
            raise UnknownId("stored_picture_gone") from error

    def get(self, ref: str) -> Stored:
        """What is known of a picture.

        Raises:
            UnknownId: there is none of this name.
            UserError: the file is broken.
        """
        return _described(ref, self.data(ref), whole=False)

    def collect(self, keep: Collection[str], older_than: float) -> int:
        """Delete pictures that no request names, and return how many.

        Args:
            keep: names of those that are needed.
            older_than: seconds since a picture was last given: a form may just be filled in.
        """
        limit, count = time.time() - older_than, 0
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*"):
            with suppress(OSError):
                if f"sha256:{path.name}" not in keep and path.stat().st_mtime < limit:
                    path.unlink()
                    count += 1
        return count

    def _path(self, hash: str) -> Path:
        return self._folder / hash[:2] / hash


def _described(ref: str, data: bytes, whole: bool) -> Stored:
    """whole: read the pixels too, which shows whether the file is cut off."""
    with opened_picture(data) as image:
        if whole:
            image.load()
        width, height = image.size
        if image.getexif().get(ExifTags.Base.Orientation) in _SIDEWAYS:
            width, height = height, width
        media_type = Image.MIME.get(image.format or "", "application/octet-stream")
        return Stored(id=ref, width=width, height=height, media_type=media_type)
