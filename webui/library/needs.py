"""What a request and its model need of memory, told from headers and numbers alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from webui.core.errors import UserError
from webui.core.memory import ModelUse, Sizes, Work
from webui.core.offers import ModelCard, ModelInfo, PartSizes
from webui.core.request import Storage
from webui.imaging.resize import hires_size
from webui.library.entries import Entry
from webui.library.shelves import candidates
from webui.library.shown import shown_pixels
from webui.library.stamps import stamp
from webui.library.weights import Header, read_header, weight_files
from webui.prompt.networks import split_networks

_VAE = ("vae", "first_stage_model")
_TEXT = ("text_encoder", "text_encoders", "cond_stage_model", "conditioner")
_KNOWN_BITS = 2
"""Bytes a number, from which on numbers are turned into the precision in use."""
_STORED: Mapping[Storage | None, float] = {"fp8": 1.0, "8bit": 34 / 32, "4bit": 36 / 64}
"""Bytes a number of what a card asks for."""
_LARGE = 10**9
"""Weights of a text encoder from which on its matrices may be in fewer bits: T5, not CLIP."""
_FEW = "few"
"""Stands for the part of the network that stays in fewer bits."""
_CLIP = re.compile(r"clip_|cond_stage|conditioner|first_stage|vae")
"""Parts whose numbers are all turned into that precision."""
_USUAL: Mapping[str, Mapping[str, int]] = {
    "sd3": {"text_encoder": 124, "text_encoder_2": 695, "text_encoder_3": 4762, "vae": 84},
    "flux": {"text_encoder": 123, "text_encoder_2": 4762, "vae": 84},
    "chroma": {"text_encoder": 4762, "vae": 84},
    "z-image": {"text_encoder": 4022, "vae": 84},
    "qwen-image": {"text_encoder": 7071, "vae": 127},
    "flux2": {"text_encoder": 17344, "vae": 84},
    "sd1": {"text_encoder": 123, "vae": 84},
    "sd2": {"text_encoder": 340, "vae": 84},
    "sdxl": {"text_encoder": 123, "text_encoder_2": 695, "vae": 84},
    "sdxl-refiner": {"text_encoder_2": 695, "vae": 84},
}
"""Millions of weights of parts that a file may lack: they lie beside it, or nothing tells."""
_FLUX2_READERS: Mapping[int, int] = {15360: 17344, 7680: 3114, 12288: 5832}
"""Numbers a token that a network takes -> millions of weights of what reads for it."""
MILLION = 10**6
_LIKE = 0.2
"""By how much a file's number of weights may differ from the usual of the part that it is."""
_BYTES: Mapping[str, float] = {"F64": 8, "F32": 4, "F8_E4M3": 1, "F8_E5M2": 1}
"""Bytes of a number of those types that have not the usual two."""
_Side = Annotated[int, Field(ge=0, le=2**16)]
_ENCODER = re.compile(r"^(?:text_encoders|conditioner\.embedders)\.[^.]+|^[^./]+")


class _Passed(BaseModel):
    model_config = ConfigDict(extra="ignore")

    scale: float = Field(default=2.0, ge=0, le=64)
    width: _Side = 0
    height: _Side = 0
    prompt: str = ""
    tile: _Side | None = None


class Asked(BaseModel):
    """Those values of a request, of any kind and not yet complete, on which memory depends."""

    model_config = ConfigDict(extra="ignore")

    model: str | None = None
    width: _Side | None = None
    height: _Side | None = None
    batch_size: int = Field(default=1, ge=1, le=1000)
    cfg_scale: float | None = None
    storage: Storage | None = None
    prompt: str = ""
    prompts: tuple[str, ...] = ()
    loopback: Mapping[str, Any] | None = Field(default=None, description="One after the other")
    settings: Mapping[str, Any] | None = Field(default=None, description="Of an animation")
    hires: _Passed | None = None
    diffusion: _Passed | None = None
    extensions: Mapping[str, Mapping[str, Any]] = {}
    references: Mapping[str, Any] = {}
    image: Any = Field(default=None, description="What the drawing begins with")
    mask: Any = Field(default=None, description="Under one, the network sees nothing beside")

    @classmethod
    def of(cls, values: Mapping[str, Any] | BaseModel) -> Self:
        """From a request, or what is to become one.

        Raises:
            ValidationError: a value is of another kind.
        """
        given = values.model_dump() if isinstance(values, BaseModel) else values
        return cls.model_validate({name: one for name, one in given.items() if one is not None})

    def of_model(self, info: ModelInfo, beside: int = 0) -> Work:
        """What a model is to do.

        Args:
            beside: bytes of what extensions have on the device with it, see `bytes_beside`.
        """
        work = self.work(info.card)
        given = self.image is not None and self.mask is None
        shown = shown_pixels(info, len(self.references), given)
        loras = work.adapters or bool(info.loras)
        return replace(work, adapters=loras, beside=beside, shown=shown)

    def work(self, card: ModelCard) -> Work:
        """What a model is to do whose card tells what is left open."""
        width, height = self._size(card)
        pixels = width * height
        if self.hires:
            sides = self.hires.width, self.hires.height
            size = hires_size(width, height, self.hires.scale, *sides)
            pixels = max(pixels, size.width * size.height)
        if self.diffusion:
            pixels = (self.diffusion.tile or min(card.width, card.height)) ** 2
        guidance = card.cfg_scale if self.cfg_scale is None else self.cfg_scale
        alone = guidance == 1 or card.distilled
        texts = [self.prompt, *self.prompts, self.hires.prompt if self.hires else ""]
        joined = any(split_networks(one)[1] for one in texts)
        together = 1 if self.loopback else self.batch_size
        return Work(pixels, together, 1 if alone else 2, joined)

    def _size(self, card: ModelCard) -> tuple[int, int]:
        """Width and height; an animation's are in its settings, by Deforum's names."""
        named = [(self.settings or {}).get(side) for side in ("W", "H")]
        sides = [one for one in named if isinstance(one, int) and one > 0]
        if len(sides) == 2:
            return sides[0], sides[1]
        return self.width or card.width, self.height or card.height


def sizes_of(info: ModelInfo, width: int) -> Sizes:
    """What a model's weights take.

    Args:
        width: bytes of a number in the precision in use: 4 on a processor, else 2. Matrices of
            large networks in fewer bits stay as they are.
    """
    files = weight_files(Path(info.path))
    stamps = tuple(map(stamp, files))
    told = info.sizes or PartSizes()
    storage = info.card.storage
    bytes = _bytes_of(info.path, info.family or "", info.bytes, files, stamps, width, storage, told)
    bytes = {**bytes, **_lacking(info, bytes, files, width, told)}
    texts = [size for part, size in bytes.items() if _kind(part) == "text"]
    vae = sum(size for part, size in bytes.items() if _kind(part) == "vae")
    whole = sum(bytes.values())
    network = whole - sum(texts) - vae
    return Sizes(sum(texts), max(texts, default=0), network, vae, bytes.get(_FEW, 0))


def bytes_beside(
    uses: Iterable[ModelUse], find: Callable[[str, str], Entry | None], width: int
) -> int:
    """What other networks take that are on the device with a job's model.

    Args:
        find: (kind, name) -> the model that is meant.
        width: bytes of a number in the precision in use, as the model's own.
    """
    staying: dict[str, int] = {}
    in_turns: dict[str, int] = {}
    for use in uses:
        entry = find(use.kind, use.name)
        if entry is not None:
            size = round(entry.bytes * width / _BYTES.get(entry.dtype, 2))
            (in_turns if use.in_turns else staying)[entry.path] = size
    turns = [size for path, size in in_turns.items() if path not in staying]
    return sum(staying.values()) + max(turns, default=0)


@lru_cache(maxsize=256)
def _bytes_of(
    path: str,
    family: str,
    size: int,
    files: tuple[Path, ...],
    stamps: tuple[object, ...],
    width: int,
    storage: Storage | None,
    told: PartSizes,
) -> Mapping[str, int]:
    """Bytes by part; `stamps` only tell that the files are still the same."""
    found: Counter[str] = Counter()
    for file in files:
        try:
            header = read_header(file, file.name)
        except UserError:
            continue  # no header, or none that can be read
        inside = file.parent.name if Path(path).is_dir() else ""
        for name, stored in header.sizes.items():
            part = inside or _part(name, told)
            few = None if _CLIP.search(part) else _few(header.shapes[name], stored, storage)
            if few is None:
                found[part] += _count(header.shapes[name]) * width
            else:
                found[part if _kind(part) == "text" else _FEW] += few
    if not found:
        usual = sum(_usual(family, files, told).values()) * MILLION * width
        found["network"] = max(size * width // 2 - usual, size // 2)
    return dict(found)


def _usual(family: str, files: Iterable[Path], told: PartSizes) -> Mapping[str, int]:
    """Millions of weights of the parts that a model's file may lack."""
    return {**_USUAL.get(family, {}), **_read_by(family, files), **dict(told.beside)}


def _lacking(
    info: ModelInfo, there: Mapping[str, int], own: Iterable[Path], width: int, told: PartSizes
) -> Mapping[str, int]:
    """Bytes of the parts that lie beside a model: of their files, or as usual where none is."""
    kinds = {_kind(part) for part in there}
    if "network" not in kinds:
        return {}
    usual = _usual(info.family or "", own, told)
    lacking = {part: one * MILLION for part, one in usual.items() if _kind(part) not in kinds}
    texts = any(_kind(part) == "text" for part in lacking)
    beside = tuple(candidates(info, "text_encoder", promised=True)) if texts else ()
    stamps = tuple(map(stamp, beside))
    found: dict[str, int] = {}
    for part, count in lacking.items():
        named = info.card.parts.get(part)
        few = info.card.storage if count > _LARGE else None
        files = beside if _kind(part) == "text" else ()
        size = _encoder_bytes(files, stamps, count, named, width, few)
        found[part] = size or round(count * min(width, _STORED.get(few, width)))
    return found


@lru_cache(maxsize=256)
def _encoder_bytes(
    files: tuple[Path, ...],
    stamps: tuple[object, ...],
    count: int,
    named: str | None,
    width: int,
    storage: Storage | None,
) -> int:
    """Of the text encoder that a card names, else of the one whose size is most alike; 0: none."""
    sizes: dict[int, int] = {}
    for file in files:
        if named is not None and named not in (file.name, file.stem):
            continue
        try:
            header = read_header(file, file.name)
        except UserError:
            continue
        away = abs(sum(map(_count, header.shapes.values())) - count)
        if named is not None or away <= _LIKE * count:
            sizes.setdefault(away, _bytes_in(header, width, storage, count > _LARGE))
    return sizes[min(sizes)] if sizes else 0


def _bytes_in(header: Header, width: int, storage: Storage | None, stays: bool) -> int:
    """Of all weights of a file, matrices in few bits as they are if `stays`."""
    total = 0
    for name, stored in header.sizes.items():
        few = _few(header.shapes[name], stored, storage) if stays else None
        total += _count(header.shapes[name]) * width if few is None else few
    return total


def _few(shape: Sequence[int], stored: int, storage: Storage | None) -> int | None:
    """Bytes of a matrix that is kept in few bits, by its file or by what is wanted; else None."""
    if len(shape) != 2:
        return None
    count = _count(shape)
    if storage in _STORED:
        stored = min(stored, round(count * _STORED[storage]))
    return stored if stored < _KNOWN_BITS * count else None


def _read_by(family: str, files: Iterable[Path]) -> Mapping[str, int]:
    """Which of Flux.2's language models reads for a network, told by what that takes."""
    for file in files if family == "flux2" else ():
        try:
            shapes = read_header(file, file.name).shapes
        except UserError:
            continue
        wide = (one[1] for name, one in shapes.items() if name.endswith("txt_in.weight"))
        found = _FLUX2_READERS.get(next(wide, 0))
        if found:
            return {"text_encoder": found}
    return {}


def _part(name: str, told: PartSizes) -> str:
    """Of a single file, by how the names of its weights begin."""
    for begin, part in told.named:
        if name.startswith(begin):
            return part
    found = _ENCODER.match(name)
    return found[0] if found else name


def _kind(part: str) -> str:
    first = part.split(".")[0]
    if first.startswith(_VAE):
        return "vae"
    return "text" if first.startswith(_TEXT) else "network"


def _count(shape: Iterable[int]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count
