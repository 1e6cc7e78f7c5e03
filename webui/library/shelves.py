"""Files of parts that lie beside a model: text encoders and autoencoders that people keep once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.library.gguf import GGUF
from webui.library.layouts import Shelf
from webui.library.layouts import shelves as shelves_in
from webui.library.pickles import PICKLES
from webui.library.weights import SUFFIX, Header, read_header

FOLDERS: Mapping[str, tuple[str, ...]] = {
    "vae": ("vae", "VAE"),
    "text_encoder": ("text_encoders", "text_encoder", "clip"),
    "checkpoint": ("checkpoints", "Stable-diffusion"),
}
"""What kind of part -> the folders it may lie in; users are told the first."""

_ENDINGS = (SUFFIX, ".sft", GGUF, *PICKLES)
"""Of files that parts may lie in, the better ones first."""
_ANCESTORS = 6


@dataclass(frozen=True)
class Sought:
    """A part that a model needs.

    Attributes:
        part: its name in the layout of diffusers; the model's card may name a file for it.
        kind: a key of `FOLDERS`.
        title: how errors name it.
        fits: whether a file with that header holds it.
        foreign: names of files whose headers look the same, but which belong to other models.
    """

    part: str
    kind: str
    title: str
    fits: Callable[[Header], bool]
    foreign: re.Pattern[str] | None = None


def beside(info: ModelInfo, sought: Sought) -> Path | None:
    """The file of a part; None if there is none.

    Raises:
        UserError: the one that the card names cannot be read.
    """
    named = info.card.parts.get(sought.part)
    for file in candidates(info, sought.kind):
        if named is not None and named not in (file.name, file.stem):
            continue
        if named is None and sought.foreign and sought.foreign.search(file.stem.lower()):
            continue
        try:
            header = read_header(file, file.name)
        except UserError:
            if named is not None:
                raise
            continue
        if sought.fits(header):
            return file
    return None


def missing(info: ModelInfo, sought: Sought) -> UserError:
    """What to say of a part that is found nowhere."""
    path = Path(info.path)
    near = (shelf.folder for shelf in shelves(info, sought.kind) if shelf.kind == sought.kind)
    folder = next(near, path.parent / FOLDERS[sought.kind][0])
    values = {"file": path.name, "what": sought.title, "folder": str(folder)}
    return UserError("model_companion_missing", **values)


def candidates(info: ModelInfo, kind: str, *, promised: bool = False) -> Iterator[Path]:
    """Files that may hold a part of that kind, the nearest and the best formats first.

    Args:
        promised: only of folders that are there for that kind.
    """
    seen: set[Path] = set()
    for shelf in shelves(info, kind):
        if promised and shelf.kind != kind:
            continue
        every = shelf.folder.rglob("*") if shelf.deep else shelf.folder.glob("*")
        files = [file for file in every if file.suffix.lower() in _ENDINGS and file not in seen]
        seen.update(files)
        yield from sorted(files, key=lambda file: (_ENDINGS.index(file.suffix.lower()), file))


def shelves(info: ModelInfo, kind: str) -> Iterator[Shelf]:
    """Folders of that kind of part, the nearest first; then those that may hold any."""
    for folder in Path(info.path).parents[:_ANCESTORS]:
        for name in FOLDERS[kind]:
            if (folder / name).is_dir():
                yield Shelf(folder / name, kind)
    every = shelves_in(map(Path, info.folders))
    yield from (shelf for shelf in every if shelf.kind == kind)
    yield from (shelf for shelf in every if shelf.kind is None)
