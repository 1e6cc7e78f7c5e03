"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path

from webui.core.errors import UserError

_TEMPORARY = ".part"
PRIVATE = 0o600
PUBLIC = 0o666
"""What the user's umask leaves of it."""

_CODES = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "folder_read_only",
    errno.EACCES: "folder_forbidden",
    errno.EPERM: "folder_forbidden",
    errno.ENAMETOOLONG: "name_too_long",
}
_WINDOWS_NAME_TOO_LONG = 206


def write_atomically(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write or replace a file, one that only the user may read if nothing else is said.

    Raises:
        UserError: it cannot be written; what was there is untouched.
    """
    with explained(path.parent, path.name), _written(path.parent, data, mode) as whole:
        os.replace(whole, path)


def save_atomically(
    folder: Path, name: str, data: bytes, reserve: Callable[[Path], None] = lambda _: None
) -> Path:
    """Save a new file and return its path; a name that is taken gets `-1`, `-2`, … at its end.

    Args:
        reserve: told the path before anything is written (and again, if that was just taken).

    Raises:
        UserError: it cannot be saved; nothing of it is left behind.
    """
    with explained(folder, name):
        for path in _free_names(folder / name):
            reserve(path)
            with _written(folder, data, PUBLIC) as whole, suppress(FileExistsError):
                _move_to_new(whole, path)
                return path
    raise AssertionError("names do not run out")


def keep_new(
    source: Path, folder: Path, name: str, reserve: Callable[[Path], None] = lambda _: None
) -> Path:
    """Move a file or folder to a new name, and return its path.

    A name that is taken gets `-1`, `-2`, … at its end. To another disk it is copied first: it is
    there whole or not at all.

    Args:
        reserve: told the path before anything is there (and again, if that was just taken).

    Raises:
        UserError: it cannot be moved; it is still where it was.
    """
    with explained(folder, name):
        folder.mkdir(parents=True, exist_ok=True)
        if _same_disk(source, folder):
            return _renamed(source, folder / name, reserve)
        near = folder / f".{secrets.token_hex(8)}{_TEMPORARY}"
        try:
            shutil.copytree(source, near) if source.is_dir() else shutil.copyfile(source, near)
            path = _renamed(near, folder / name, reserve)
        finally:
            _remove(near)
        _remove(source)
        return path


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def _renamed(source: Path, wanted: Path, reserve: Callable[[Path], None]) -> Path:
    for path in _free_names(wanted):
        reserve(path)
        with suppress(FileExistsError):
            if source.is_dir():
                os.rename(source, path)
            else:
                _move_to_new(source, path)
                source.unlink(missing_ok=True)
            return path
    raise AssertionError("names do not run out")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files of saves that were killed. Nobody may be saving there now."""
    with suppress(OSError):
        for path in folder.glob(f".{'[0-9a-f]' * 16}{_TEMPORARY}"):
            path.unlink(missing_ok=True)


def _free_names(path: Path) -> Iterator[Path]:
    """The path and its followers, without those that are taken."""
    followers = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(1))
    return (free for free in chain([path], followers) if not os.path.lexists(free))


@contextmanager
def _written(folder: Path, data: bytes, mode: int) -> Generator[Path]:
    """A temporary file beside the place meant, flushed to disk; gone at the end unless moved."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{secrets.token_hex(8)}{_TEMPORARY}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _move_to_new(source: Path, path: Path) -> None:
    """Rename without overwriting, also if another process makes the name at the same moment.

    Raises:
        FileExistsError: the name is taken.
    """
    if os.name == "nt":
        os.rename(source, path)  # refuses a name that is taken
        return
    try:
        os.link(source, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(path) from None
        os.rename(source, path)


@contextmanager
def explained(folder: Path, name: str) -> Generator[None]:
    """Put into words why a file could not be written."""
    try:
        yield
    except OSError as error:
        code = _CODES.get(error.errno or 0, "cannot_save")
        if getattr(error, "winerror", None) == _WINDOWS_NAME_TOO_LONG:
            code = "name_too_long"
        reason = error.strerror or str(error)
        raise UserError(code, folder=str(folder), name=name, reason=reason) from error
