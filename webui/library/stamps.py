"""What tells that a file has changed, without reading it."""

from __future__ import annotations

from pathlib import Path

Stamp = tuple[int, int]
"""Size and time of the last change in nanoseconds."""


def stamp(path: Path) -> Stamp | None:
    """What changes when the file does; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
