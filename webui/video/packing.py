"""Pictures as files in one zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from webui.core.errors import UserError
from webui.video.writing import Levels

_FASTEST = 1
"""Of PNG's levels: a sequence is made to be worked on, soon."""


def pack(
    files: Iterable[tuple[str, bytes]],
    out: Path,
    check: Callable[[int], None] = lambda done: None,
) -> int:
    """Write named files into a zip, as they are; returns how many.

    Args:
        files: taken one by one.
        check: told after each file how many there are; may raise to stop.

    Raises:
        UserError: there is none.
    """
    count = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name, data in files:
            packed.writestr(name, data)
            count += 1
            check(count)
    if not count:
        raise UserError("film_empty")
    return count


def first_file(packed: Path) -> bytes:
    """The first file of a zip that `pack` wrote.

    Raises:
        UserError: it is gone, or none.
    """
    try:
        with zipfile.ZipFile(packed) as files:
            return files.read(files.namelist()[0])
    except (OSError, zipfile.BadZipFile, IndexError) as error:
        raise UserError("picture_unreadable", file=str(packed), reason=str(error)) from error


def as_files(pictures: Iterable[Levels]) -> Iterable[tuple[str, bytes]]:
    """Pictures as PNG files with their numbers as names."""
    for number, levels in enumerate(pictures):
        file = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(levels)).save(file, "PNG", compress_level=_FASTEST)
        yield f"{number:09}.png", file.getvalue()
