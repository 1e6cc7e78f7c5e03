"""The worker's log: what it says on stderr, in two files of bounded size, and its last words."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

FILE_BYTES = 2**20
LAST_LINES = 5
LONGEST_LINE = 400


class WorkerLog:
    """`worker.log` and, before it, `worker.log.1`. A full disk costs lines, nothing else."""

    def __init__(self, path: Path, file_bytes: int = FILE_BYTES) -> None:
        self._path = path
        self._file_bytes = file_bytes
        self._last: deque[str] = deque(maxlen=LAST_LINES)

    def pump(self, stream: BinaryIO) -> None:
        """Copy a stream to its end."""
        while line := stream.readline(LONGEST_LINE * 10):
            if said := line.decode(errors="replace").rstrip():
                self._last.append(said.rpartition("\r")[2][:LONGEST_LINE])
            with suppress(OSError):
                self._write(line)

    def last_words(self) -> str:
        """The last lines of the worker that runs or ran last."""
        return "\n".join(self._last)

    def begin(self) -> None:
        """Another worker starts."""
        self._last.clear()

    def _write(self, line: bytes) -> None:
        if self._path.exists() and self._path.stat().st_size + len(line) > self._file_bytes:
            self._path.replace(self._path.with_name(self._path.name + ".1"))
        with self._path.open("ab") as file:
            file.write(line)
