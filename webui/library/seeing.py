"""Networks that an animation looks at its pictures with: words found in them, and how they move.

They lie in `models/clipseg` and `models/flow`, and are told by what is in their folders.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, cast

from webui.library.entries import Entry, Page

KIND = "annotator"
_WORDS, _FLOW = "clipseg", "raft"


class Shelf(Protocol):
    """What is asked of the catalog of models."""

    def entries(self, kind: str | None = None, *, limit: int | None = 100) -> Page: ...


def word_finder(shelf: Shelf) -> Path | None:
    """The folder of the first CLIPSeg there is, as transformers has it."""
    for one in _usable(shelf):
        folder = Path(one.path)
        folder = folder.parent if folder.is_file() else folder
        if _model_type(folder) == _WORDS:
            return folder
    return None


def flow_network(shelf: Shelf) -> Path | None:
    """The first file of RAFT's weights there is, as torchvision has it."""
    names = ((Path(one.path), one.name) for one in _usable(shelf))
    return next((path for path, name in names if path.is_file() and _FLOW in name.casefold()), None)


def _usable(shelf: Shelf) -> Iterator[Entry]:
    return (one for one in shelf.entries(KIND, limit=None).entries if one.problem is None)


def _model_type(folder: Path) -> str | None:
    try:
        told: object = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(cast(Any, told).get("model_type")) if isinstance(told, dict) else None
