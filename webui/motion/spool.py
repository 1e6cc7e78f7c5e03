"""Pictures kept for later: the first in memory, more of them in a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt

from webui.core.files import explained

Array = npt.NDArray[Any]
IN_MEMORY = 32 * 2**20
"""Bytes of a spool that are held in memory."""


class Spool:
    """Arrays by the order in which they came, to the bit; a context manager, which drops them."""

    def __init__(self, folder: Path | None = None, most: int = IN_MEMORY) -> None:
        """Empty.

        Args:
            folder: on a disk with room, made where it is missing; None: where the system has its
                temporary files.
            most: bytes that are held in memory.
        """
        self._folder = folder
        self._left = most
        self._held: list[Array | tuple[int, npt.DTypeLike, tuple[int, ...]]] = []
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.clear()
        if self._file is not None:
            self._file.close()

    def __len__(self) -> int:
        return len(self._held)

    def append(self, array: Array) -> None:
        """Keep one.

        Raises:
            UserError: the disk is full.
        """
        if array.nbytes <= self._left:
            self._left -= array.nbytes
            self._held.append(array)
            return
        self._left = 0
        with explained(self._folder or Path(tempfile.gettempdir()), "frames"):
            file = self._opened()
            place = file.seek(0, 2)
            file.write(np.ascontiguousarray(array).tobytes())
            file.flush()
        self._held.append((place, array.dtype, array.shape))

    def __getitem__(self, number: int) -> Array:
        held = self._held[number]
        if isinstance(held, np.ndarray):
            return held
        place, kind, shape = held
        file = self._opened()
        file.seek(place)
        size = np.dtype(kind).itemsize * int(np.prod(shape))
        return np.frombuffer(file.read(size), kind).reshape(shape)

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder)
        return self._file
