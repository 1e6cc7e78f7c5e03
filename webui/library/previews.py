"""The picture of a model: beside its file, else inside its header."""

from __future__ import annotations

import base64
import binascii
import hashlib

from webui.core.errors import UserError
from webui.library.heads import read_head
from webui.library.places import Place
from webui.library.telling import THUMBNAIL, Told

_LARGEST = 100_000_000


def mark_of(place: Place, told: Told) -> str | None:
    """A few digits that differ when the picture may, for addresses that browsers keep; or None."""
    if place.preview is None and not told.thumbnail:
        return None
    at = place.stamps[0] if place.preview is None else place.stamps[-1]
    return hashlib.blake2b(f"{place.preview} {at}".encode(), digest_size=4).hexdigest()


def picture_of(place: Place, told: Told) -> bytes | None:
    """The file of the picture; None if there is none.

    Raises:
        UserError: it cannot be read.
    """
    if place.preview is None:
        return _inside(place) if told.thumbnail else None
    path = place.path.with_name(place.preview)
    try:
        return path.read_bytes() if path.stat().st_size <= _LARGEST else None
    except OSError as error:
        raise UserError("cannot_read", name=path.name, reason=error.strerror or "?") from error


def _inside(place: Place) -> bytes | None:
    """modelspec's `thumbnail`: `data:image/jpeg;base64,…`."""
    head = read_head(place.path)
    if head is None:
        return None
    _, _, data = head.metadata.get(THUMBNAIL, "").partition(";base64,")
    try:
        return base64.b64decode(data) or None
    except binascii.Error:
        return None
