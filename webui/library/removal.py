"""Deleting models: only what lies below the user's own folder, with the files beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from webui.core.errors import UserError
from webui.library.places import PREVIEWS, TEXTS, Place


def going(place: Place, home: Path, shipped: Path, others: Iterable[Place]) -> tuple[Path, ...]:
    """What goes with a model: it, and the words and pictures beside it that are of no other.

    Of a link that is the link, never what it leads to.

    Args:
        home: the user's own folder of models; nothing outside of it is deleted.
        shipped: the model that came with the program.
        others: all models there are.

    Raises:
        UserError: it came with the program, or lies elsewhere.
    """
    path = place.path
    if path == shipped:
        raise UserError("model_shipped", "id", name=path.name)
    if not _lies_below(path, home):
        raise UserError("model_not_ours", "id", name=path.name, folder=str(path.parent))
    return (path, *_beside(place, others))


def _lies_below(path: Path, home: Path) -> bool:
    """Whether it really does, also where folders on the way are links to elsewhere."""
    real = Path(os.path.realpath(path.parent), path.name)
    return real.is_relative_to(os.path.realpath(home)) and path.is_relative_to(home)


def _beside(place: Place, others: Iterable[Place]) -> Iterator[Path]:
    shared = any(
        other.path != place.path
        and other.path.parent == place.path.parent
        and other.stem == place.stem
        for other in others
    )
    if shared:
        return
    for ending in (*TEXTS, *PREVIEWS):
        file = place.path.with_name(place.stem + ending)
        if file != place.path and (file.is_file() or file.is_symlink()):
            yield file
