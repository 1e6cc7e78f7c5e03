"""Pictures, films and sounds that requests begin with: each stored once, under its file's hash.

A request in the ledger names them and stays small; a job that goes on after a crash finds them.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from PIL import ExifTags, Image
from pydantic import BaseModel, ConfigDict

from webui.core.errors import UnknownId, UserError
from webui.core.files import explained, write_atomically
from webui.core.pictures import STORED
from webui.imaging.ingest import opened_picture
from webui.video.containers import MEDIA_TYPES, container_of_file
from webui.video.reading import film_info, sound_info

_SIDEWAYS = frozenset({5, 6, 7, 8})
"""EXIF orientations that exchange width and height."""
_SCRATCH = ".incoming-"
_REF = re.compile(STORED)


class Stored(BaseModel):
    """What is known of a file in the store.

    Attributes:
        width, height: what a viewer sees (EXIF rotation done); 0 of a sound.
        frames: how many pictures a film has.
        fps: a film's pictures a second; 0 where it does not tell.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    width: int
    height: int
    media_type: str
    frames: int | None = None
    fps: float | None = None

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")


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

    def scratch(self) -> tuple[int, str]:
        """A new file for what is still coming in: its open handle and its path.

        Raises:
            UserError: it cannot be made.
        """
        with explained(self._folder, _SCRATCH):
            self._folder.mkdir(parents=True, exist_ok=True)
            return tempfile.mkstemp(prefix=_SCRATCH, dir=self._folder)

    def put_media(self, file: Path, hash: str) -> Stored:
        """Keep a film or a sound; the file is moved away from where it is.

        hash: SHA-256 of the file, 64 hexadecimal digits.

        Raises:
            UserError: it is neither, or cannot be read.
            OSError: it cannot be kept.
        """
        stored = _described_media(f"sha256:{hash}", file)
        path = self._path(hash)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.replace(path)
        with suppress(OSError):
            path.touch()
        return stored

    def path(self, ref: str) -> Path:
        """Where a file lies.

        Raises:
            UnknownId: there is none of this name.
        """
        if _REF.fullmatch(ref):
            path = self._path(ref.removeprefix("sha256:"))
            if path.is_file():
                return path
        raise UnknownId("stored_picture_gone")

    def data(self, ref: str) -> bytes:
        """The file, byte for byte.

        Raises:
            UnknownId: there is none of this name.
        """
        try:
            return self.path(ref).read_bytes()
        except OSError as error:
            raise UnknownId("stored_picture_gone") from error

    def get(self, ref: str) -> Stored:
        """What is known of a file.

        Raises:
            UnknownId: there is none of this name.
            UserError: the file is broken.
        """
        path = self.path(ref)
        try:
            return _described(ref, path.read_bytes(), whole=False)
        except OSError as error:
            raise UnknownId("stored_picture_gone") from error
        except UserError:
            if container_of_file(path) is None:
                raise
            return _described_media(ref, path)

    def collect(self, keep: Collection[str], older_than: float) -> int:
        """Delete pictures that no request names, and return how many.

        Args:
            keep: names of those that are needed.
            older_than: seconds since a picture was last given: a form may just be filled in.
        """
        limit, count = time.time() - older_than, 0
        for path in self._folder.glob(f"{_SCRATCH}*"):  # of an upload that a crash ended
            with suppress(OSError):
                if path.stat().st_mtime < limit:
                    path.unlink()
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


def _described_media(ref: str, path: Path) -> Stored:
    container = container_of_file(path)
    if container is None:
        raise UserError("media_unknown")
    media_type = MEDIA_TYPES[container]
    try:
        film = film_info(path)
    except UserError:
        sound_info(path)  # raises: neither pictures nor sound
        media_type = media_type.replace("video/", "audio/")
        return Stored(id=ref, width=0, height=0, media_type=media_type)
    size = {"width": film.width, "height": film.height}
    return Stored(id=ref, **size, media_type=media_type, frames=film.frames, fps=film.fps)
