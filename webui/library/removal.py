"""Deleting models: only what lies below the user's own folder, with the files beside it."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from webui.core.errors import UserError
from webui.core.files import explained
from webui.library.places import PREVIEWS, TEXTS, Place


def remove(place: Place, home: Path, shipped: Path, others: Iterable[Place]) -> None:
    """Delete a model, and the words and pictures beside it that are of no other model.

    A link is deleted, never what it leads to.

    Args:
        home: the user's own folder of models; nothing outside of it is deleted.
        shipped: the model that came with the program.
        others: all models there are.

    Raises:
        UserError: it came with the program, lies elsewhere, or cannot be deleted.
    """
    path = place.path
    if path == shipped:
        raise UserError("model_shipped", "id", name=path.name)
    if not _lies_below(path, home):
        raise UserError("model_not_ours", "id", name=path.name, folder=str(path.parent))
    beside = list(_beside(place, others))
    with explained(path.parent, path.name):
        _delete(path)
        for file in beside:
            file.unlink(missing_ok=True)


def _lies_below(path: Path, home: Path) -> bool:
    """Whether it really does, also where folders on the way are links to elsewhere."""
    real = Path(os.path.realpath(path.parent), path.name)
    return real.is_relative_to(os.path.realpath(home)) and path.is_relative_to(home)


def _beside(place: Place, others: Iterable[Place]) -> Iterator[Path]:
    stem = _stem(place)
    shared = any(
        other.path != place.path and other.path.parent == place.path.parent and _stem(other) == stem
        for other in others
    )
    if shared:
        return
    for ending in (*TEXTS, *PREVIEWS):
        file = place.path.with_name(stem + ending)
        if file != place.path and (file.is_file() or file.is_symlink()):
            yield file


def _stem(place: Place) -> str:
    return place.stem


def _delete(path: Path) -> None:
    """A folder vanishes at once: first it is hidden, so that half of it is never taken for one."""
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    hidden = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    os.rename(path, hidden)
    shutil.rmtree(hidden)
