"""Some room on the ledger's disk that is given up when the disk is full.

A full disk must not keep a job from being taken, nor a picture that could not be saved from being
told of: what the ledger needs for that is little, and kept in a file that can be deleted.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

RESERVE_BYTES = 4 * 2**20


class Reserve:
    """A file of random bytes (zeros might be stored as nothing) while there is room for it."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size = size
        self._held = path.exists() and path.stat().st_size == size

    def tend(self) -> None:
        """Before the ledger is written: give the room up if there is no other, or take it back."""
        with suppress(OSError):
            free = shutil.disk_usage(self._path.parent).free
            if self._held and free < self._size // 4:
                self._path.unlink(missing_ok=True)
                self._held = False
            elif not self._held and free > self._size * 3 // 2:
                self._path.write_bytes(os.urandom(self._size))
                self._held = True

    def spares(self, folder: Path) -> bool:
        """Whether others may write there: not on this disk while the ledger lives on the last."""
        return self._held or _device(folder) != _device(self._path)


def _device(path: Path) -> int:
    """The disk on which a path is, or would be."""
    there = next(part for part in (path, *path.parents) if part.exists())
    return there.stat().st_dev
