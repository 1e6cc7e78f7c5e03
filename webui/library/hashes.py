"""Hashes of large files, computed once and remembered over restarts."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

from webui.library.index import Hashed, Index
from webui.library.stamps import Stamp, stamp
from webui.library.weights import SUFFIX

__all__ = ["Hashes", "Stamp", "stamp"]

_PIECE = 1 << 20
_LENGTH = struct.Struct("<Q")


class Hashes:
    """Hashes by path, in an index that several processes may share."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def known(self, path: Path) -> Hashed | None:
        """The hashes, if they were computed since the file last changed."""
        found = self._index.hashes.get(str(path))
        return found if found and found.at == stamp(path) else None

    def compute(self, path: Path, check: Callable[[], None] = lambda: None) -> Hashed:
        """The hashes; reads the whole file unless they are known.

        Args:
            check: called while it reads; may raise to stop.

        Raises:
            OSError: the file cannot be read.
        """
        if known := self.known(path):
            return known
        before = stamp(path)
        sha256, autov3 = _digests(path, check)
        hashed = Hashed(before or (0, 0), sha256, autov3)
        if before is not None and before == stamp(path):
            self._index.remember(str(path), hashed)
        return hashed


def _digests(path: Path, check: Callable[[], None]) -> tuple[str, str | None]:
    """SHA-256 of a file, and of what follows its header if it has one, in one reading."""
    whole, tensors = hashlib.sha256(), hashlib.sha256()
    with path.open("rb") as file:
        start = file.read(_LENGTH.size)
        has_header = path.suffix.lower() in (SUFFIX, ".sft") and len(start) == _LENGTH.size
        whole.update(start)
        left: int = _LENGTH.unpack(start)[0] if has_header else 0
        while piece := file.read(min(left, _PIECE) or _PIECE):
            check()
            whole.update(piece)
            if left:
                left -= len(piece)
            else:
                tensors.update(piece)
    # a header that is longer than its file is none
    return whole.hexdigest(), tensors.hexdigest() if has_header and not left else None
