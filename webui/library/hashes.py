"""SHA-256 of large files, computed once and remembered over restarts."""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from webui.core.errors import UserError
from webui.core.files import write_atomically

Stamp = tuple[int, int]
"""Size and time of the last change in nanoseconds."""

_REMEMBERED: TypeAdapter[dict[str, tuple[Stamp, str]]] = TypeAdapter(dict[str, tuple[Stamp, str]])


def stamp(path: Path) -> Stamp | None:
    """What changes when the file does; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


class Hashes:
    """Hashes by path, kept in a JSON file that several processes may share."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._stored: Stamp | None = None
        self._hashes: dict[str, tuple[Stamp, str]] = {}

    def known(self, path: Path) -> str | None:
        """The hash, if it was computed since the file last changed."""
        with self._lock:
            self._read()
            found = self._hashes.get(str(path))
        return found[1] if found and found[0] == stamp(path) else None

    def compute(self, path: Path) -> str:
        """The hash; reads the whole file unless it is known.

        Raises:
            OSError: the file cannot be read.
        """
        if known := self.known(path):
            return known
        before = stamp(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if before is not None and before == stamp(path):
            self._remember(path, before, digest)
        return digest

    def _remember(self, path: Path, at: Stamp, digest: str) -> None:
        with self._lock:
            self._read()
            self._hashes[str(path)] = (at, digest)
            with suppress(UserError):  # a read-only disk: computed anew next time
                write_atomically(self._store, _REMEMBERED.dump_json(self._hashes, indent=1))
                self._stored = stamp(self._store)

    def _read(self) -> None:
        """Take in what another process wrote; a broken file counts as empty."""
        now = stamp(self._store)
        if now is None or now == self._stored:
            return
        with suppress(OSError, ValidationError):
            self._hashes |= _REMEMBERED.validate_json(self._store.read_bytes())
        self._stored = now
