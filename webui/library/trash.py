"""Deleted models: kept in a folder of the user's until the trash is emptied, or put back.

`.trash` in the folder of models, where no model is looked for. Each has a folder of its own there,
with its files and what is told of it. A rename puts it there, and one takes it back.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from webui.core.errors import UnknownId, UserError
from webui.core.files import explained, keep_new, write_atomically

FOLDER = ".trash"

_TOLD = ".trashed.json"
_GONE = ".gone-"
"""Begins the name of what is being deleted for good."""
_ID = re.compile(r"[0-9a-f]{24}")


class Trashed(BaseModel):
    """A model in the trash.

    Attributes:
        folder: where it was, below the folder of models, with `/`.
        files: it, and what lay beside it.
        deleted: when it was, in seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    name: str
    title: str | None = None
    family: str | None = None
    bytes: int = 0
    folder: str
    files: tuple[str, ...]
    deleted: float


class TrashList(BaseModel):
    """The trash, with its size."""

    models: tuple[Trashed, ...]
    bytes: int


class Trash:
    """Any thread and any number of processes may use it."""

    def __init__(self, home: Path) -> None:
        """home: the user's folder of models."""
        self._home = home
        self._folder = home / FOLDER

    def list(self) -> TrashList:
        """What is in it, the newest first."""
        try:
            names = [one.name for one in os.scandir(self._folder)]
        except OSError:
            names = []
        found = [one for name in names if (one := self._read(name))]
        found.sort(key=lambda one: one.deleted, reverse=True)
        return TrashList(models=tuple(found), bytes=sum(one.bytes for one in found))

    def put(self, paths: Sequence[Path], **told: object) -> Trashed:
        """Move files of one folder into the trash.

        Args:
            paths: the model, then what lies beside it.
            told: other values of a `Trashed`.

        Raises:
            UserError: the model cannot be moved; it is still where it was.
        """
        id = f"{time.time_ns():016x}{secrets.token_hex(4)}"
        folder = paths[0].parent.relative_to(self._home).as_posix()
        names = tuple(path.name for path in paths)
        values = {"id": id, "folder": folder, "files": names, "deleted": time.time(), **told}
        trashed = Trashed.model_validate(values)
        own = self._folder / id
        with explained(self._home, FOLDER):
            own.mkdir(parents=True)
        try:
            write_atomically(own / _TOLD, trashed.model_dump_json().encode())
            for path in paths:
                _move(path, own)
        except UserError:
            if not os.path.lexists(paths[0]):  # only what lies beside it could not be moved
                raise
            shutil.rmtree(own, ignore_errors=True)
            raise
        return trashed

    def restore(self, id: str) -> Trashed:
        """Put a model back where it was.

        Raises:
            UnknownId: it is not in the trash.
            UserError: there is another one by now, or it cannot be moved.
        """
        trashed = self._find(id)
        own, folder = self._folder / id, self._home / trashed.folder
        if not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(self._home)):
            raise UnknownId("trash_unknown", "id", name=id[:100])
        if os.path.lexists(folder / trashed.files[0]):
            raise UserError("trash_taken", "id", name=trashed.files[0], folder=trashed.folder)
        with explained(folder, trashed.files[0]):
            folder.mkdir(parents=True, exist_ok=True)
        for name in trashed.files:
            if os.path.lexists(own / name) and not os.path.lexists(folder / name):
                _move(own / name, folder)
        self._drop(id)
        return trashed

    def drop(self, id: str) -> None:
        """Delete a model of the trash for good.

        Raises:
            UnknownId: it is not in the trash.
            UserError: it cannot be deleted.
        """
        self._find(id)
        self._drop(id)

    def empty(self) -> None:
        """Delete all of it for good, also what is left of models that could not be read.

        Raises:
            UserError: something cannot be deleted.
        """
        if self._folder.is_dir() and not self._folder.is_symlink():
            for one in os.listdir(self._folder):
                self._drop(one)

    def _drop(self, name: str) -> None:
        """First it is hidden, so that half of it is never taken for a model."""
        with explained(self._folder, name):
            path = self._folder / name
            if not name.startswith(_GONE):
                hidden = self._folder / f"{_GONE}{name}"
                os.rename(path, hidden)
                path = hidden
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def _find(self, id: str) -> Trashed:
        found = self._read(id)
        if found is None:
            raise UnknownId("trash_unknown", "id", name=id[:100])
        return found

    def _read(self, name: str) -> Trashed | None:
        """What is told of one; None for anything else, also for one whose model is not there."""
        if not _ID.fullmatch(name):
            return None
        own = self._folder / name
        try:
            told = Trashed.model_validate_json((own / _TOLD).read_bytes())
        except (OSError, ValidationError):
            return None
        plain = told.id == name and told.files and all(map(_is_plain, told.files))
        return told if plain and os.path.lexists(own / told.files[0]) else None


def _is_plain(name: str) -> bool:
    return name not in ("", ".", "..", _TOLD) and Path(name).name == name


def _move(path: Path, folder: Path) -> None:
    """Into a folder where its name is free; of a link the link, never what it leads to."""
    if not path.is_symlink():
        keep_new(path, folder, path.name)
        return
    with explained(folder, path.name):
        (folder / path.name).symlink_to(os.readlink(path), target_is_directory=path.is_dir())
        path.unlink()
