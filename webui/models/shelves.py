"""Files of parts that lie beside a model: text encoders and autoencoders that people keep once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.library.gguf import GGUF
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
    for file in candidates(Path(info.path), sought.kind):
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
    folder = next(shelves(path, sought.kind), path.parent / FOLDERS[sought.kind][0])
    values = {"file": path.name, "what": sought.title, "folder": str(folder)}
    return UserError("model_companion_missing", **values)


def candidates(path: Path, kind: str) -> Iterator[Path]:
    """Files that may hold a part of that kind, the nearest and the best formats first."""
    for shelf in shelves(path, kind):
        files = (file for file in shelf.rglob("*") if file.suffix.lower() in _ENDINGS)
        yield from sorted(files, key=lambda file: (_ENDINGS.index(file.suffix.lower()), file))


def shelves(path: Path, kind: str) -> Iterator[Path]:
    """Folders of that kind of part, the nearest first."""
    for folder in path.parents[:_ANCESTORS]:
        for name in FOLDERS[kind]:
            if (folder / name).is_dir():
                yield folder / name
