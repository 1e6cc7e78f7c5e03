"""What a job needs of memory, and how it is made to fit: one reckoning for server and worker.

All of it is about: what a network takes while it works is estimated from the size of the picture.
Where an estimate was too low, memory runs out, and the job goes on with `lower`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from webui.core.texts import text

Place = Literal["device", "parts", "layers", "fp8", "cpu"]
"""Where a model's weights are.

device: all on the device; parts: each part (text encoders, network, autoencoder) only while it is
used; layers: each layer of the network only while it is used; fp8: as `parts`, the network's layers
in 8 bits; cpu: nothing on the device, the processor works.
"""
Stage = Literal["encoding", "sampling", "decoding"]
"""What was being done: texts read, the network called, pictures encoded or decoded."""
Measure = Literal["parts", "layers", "fp8", "cpu", "tiled_vae", "sliced_attention", "one_by_one"]

GROUP = 256 * 2**20
"""Bytes of layers that go to the device together, at most, where a layer is not larger."""
TILES = (512, 256)
"""Sides of the tiles, in pixels, that an autoencoder works on."""

_STRIDE = 8
"""Pixels per latent along each side, of nearly all autoencoders."""
_NETWORK_WORK = 24 * 2**10
"""Bytes that a network takes for each latent pixel of a row and each byte of its precision: a UNet
of SDXL at 1024 x 1024 about 0.8 GB a row, a transformer of Flux about the same."""
_VAE_WORK = 1800
"""The same of an autoencoder for each pixel: seven layers of 256 channels at full size."""
_TEXT_WORK = 128 * 2**20
_SPARE = 1.05
"""What is left over between the pieces of memory."""
_RAM_LEFT = 0.1
"""Share of the machine's memory that is left to others."""


class Rung(BaseModel):
    """How a model is made to fit.

    Attributes:
        tile: side in pixels of the tiles that the autoencoder works on; None for whole pictures.
        sliced: attention is computed head by head.
        apart: the pictures of a batch are made one after the other.
    """

    model_config = ConfigDict(frozen=True)

    place: Place = "device"
    tile: int | None = None
    sliced: bool = False
    apart: bool = False

    def measures(self, usual: Place) -> tuple[Measure, ...]:
        """What is done about memory, beyond what is usual on the device."""
        said: list[Measure] = []
        if self.place != usual and self.place != "device":
            said.append(self.place)
        if self.tile:
            said.append("tiled_vae")
        if self.sliced:
            said.append("sliced_attention")
        if self.apart:
            said.append("one_by_one")
        return tuple(said)


class Memory(BaseModel):
    """A device, and the machine it is in; bytes.

    Attributes:
        kind: `cuda`, `mps`, `cpu`, …
        free: what a model can have, with what models that are not in use hold.
        ram_free, ram_total: of the machine; `ram_free` counts as `free` does.
    """

    model_config = ConfigDict(frozen=True)

    kind: str = "cpu"
    free: int = 0
    total: int = 0
    ram_free: int = 0
    ram_total: int = 0

    @property
    def usual(self) -> Place:
        """Where models are if there is room."""
        return "cpu" if self.kind == "cpu" else "device"

    @property
    def shared(self) -> bool:
        """Whether the device has no memory of its own: nothing is won by moving weights."""
        return self.kind in ("cpu", "mps")

    def within(self, budget: int) -> Memory:
        """With no more than `budget` percent of each memory, as the user set it."""
        return self.model_copy(
            update={
                "free": min(self.free, self.total * budget // 100),
                "ram_free": min(self.ram_free, self.ram_total * budget // 100),
            }
        )


@dataclass(frozen=True)
class Sizes:
    """Bytes of a model's weights, in the precision in which they are used.

    Attributes:
        text: of all text encoders.
        longest: of the largest of them.
        few: those of the network that have 8 bits a number or fewer as they are.
    """

    text: int
    longest: int
    network: int
    vae: int
    few: int = 0

    @property
    def whole(self) -> int:
        return self.text + self.network + self.vae

    @property
    def saved(self) -> int:
        """What 8 bits a number save of the network."""
        return (self.network - self.few) // 2


@dataclass(frozen=True)
class Work:
    """What a job asks for.

    Attributes:
        pixels: of its largest picture.
        pictures: that are made together.
        rows: of the network's calls, for each picture: 2 with a negative prompt.
        adapters: LoRAs change the weights, which 8 bits cannot tell finely enough.
        beside: bytes of other networks that are on the device while the model's own is called.
        shown: pixels of the pictures that the network sees beside each that it draws.
    """

    pixels: int
    pictures: int = 1
    rows: int = 2
    adapters: bool = False
    beside: int = 0
    shown: int = 0


@dataclass(frozen=True)
class ModelUse:
    """A model file whose network a job has on the device while its model's own is called.

    Attributes:
        kind: `controlnet`, `ip_adapter`, …
        name: as `Services.model` takes it; one that is not there counts for nothing.
        in_turns: it is on the device only for its own calls: of those only the largest counts.
    """

    kind: str
    name: str
    in_turns: bool = False


class Estimate(BaseModel):
    """How a job is made to fit.

    Attributes:
        whole: bytes needed with all on the device and no measure.
        needed: bytes needed of the device with the measures.
        free: bytes there are.
        enough: whether that is enough, as far as can be told.
    """

    model_config = ConfigDict(frozen=True)

    rung: Rung
    measures: tuple[Measure, ...]
    whole: int
    needed: int
    free: int
    enough: bool


def estimate(sizes: Sizes, work: Work, memory: Memory) -> Estimate:
    """The first rung that fits; where none does, the one that needs least."""
    rungs = list(_rungs(memory, work))
    fitting = (rung for rung in rungs if _fits(rung, sizes, work, memory))
    rung = next(fitting, None)
    enough = rung is not None
    rung = rung or min(rungs, key=lambda one: needed(one, sizes, work, memory))
    base = Rung(place=memory.usual)
    return Estimate(
        rung=rung,
        measures=rung.measures(memory.usual),
        whole=needed(base, sizes, work, memory),
        needed=needed(rung, sizes, work, memory),
        free=memory.free,
        enough=enough,
    )


def sentence(found: Estimate, language: str) -> str:
    """What to tell of an estimate; empty where there is nothing to say."""
    measures = ", ".join(text(f"memory.{one}", language) for one in found.measures)
    if not found.enough:
        values = {"needed": _gigabytes(found.needed, language)}
        return text("memory.short", language, **values, free=_gigabytes(found.free, language))
    if not measures:
        return ""
    values = {"needed": _gigabytes(found.whole, language), "measures": measures}
    return text("memory.saved", language, **values, free=_gigabytes(found.free, language))


def needed(rung: Rung, sizes: Sizes, work: Work, memory: Memory) -> int:
    """Bytes of the device at the worst moment; of the machine, where the processor works."""
    weights = _weights(rung.place, sizes)
    return round(_SPARE * max(weights[stage] + own for stage, own in _own(rung, work, memory)))


def lower(
    rung: Rung, stage: Stage, work: Work, memory: Memory, sliceable: bool = True
) -> Rung | None:
    """The next rung after memory ran out, None if there is none.

    Args:
        stage: in which it ran out: what helps there comes first.
        sliceable: whether the network's attention can be sliced.
    """
    if stage == "decoding" and rung.tile != TILES[-1]:
        return _with(rung, tile=_smaller(rung, work))
    if stage == "sampling" and work.pictures > 1 and not rung.apart:
        return _with(rung, apart=True)
    if stage == "sampling" and sliceable and not rung.sliced and rung.place != "device":
        return _with(rung, sliced=True)
    # layers that come one by one need less than all of them in 8 bits
    places = [one for one in _places(memory, work) if one != "fp8" or memory.shared]
    below = places[places.index(rung.place) + 1 :] if rung.place in places else places[-1:]
    tile = _smaller(rung, work) if stage == "encoding" else rung.tile  # pictures are read, too
    if below and below[0] != rung.place:
        return _with(rung, place=below[0], tile=tile)
    return _with(rung, tile=tile) if tile != rung.tile else None


def _with(rung: Rung, **changes: object) -> Rung:
    return rung.model_copy(update=changes)


def _smaller(rung: Rung, work: Work) -> int:
    """The next tile; one as large as the picture would change nothing."""
    return TILES[0] if rung.tile is None and work.pixels > TILES[0] ** 2 else TILES[-1]


def _places(memory: Memory, work: Work) -> tuple[Place, ...]:
    if memory.kind == "cpu":
        return ("cpu",)
    low: tuple[Place, ...] = ("cpu",) if work.adapters else ("fp8", "cpu")
    return ("device", *low) if memory.shared else ("device", "parts", "layers", *low)


def _rungs(memory: Memory, work: Work) -> Iterator[Rung]:
    """Those that are tried, the best first: a tile costs less than moving weights."""
    for place in _places(memory, work):
        for tile in (None, *TILES):
            if tile is None or tile**2 < work.pixels:
                yield Rung(place=place, tile=tile)


def _fits(rung: Rung, sizes: Sizes, work: Work, memory: Memory) -> bool:
    have = memory.ram_free if rung.place == "cpu" else memory.free
    ram = _in_ram(rung.place, sizes, work)
    fits_ram = memory.shared or ram <= memory.ram_free * (1 - _RAM_LEFT)
    return needed(rung, sizes, work, memory) <= have and fits_ram


def _in_ram(place: Place, sizes: Sizes, work: Work) -> int:
    """Bytes of weights that wait in the machine's memory."""
    if place == "device":
        return 0
    return sizes.whole + work.beside - (sizes.saved if place == "fp8" else 0)


def _weights(place: Place, sizes: Sizes) -> dict[Stage, int]:
    """Bytes of weights on the device in each stage."""
    if place in ("device", "cpu"):
        return dict.fromkeys(("encoding", "sampling", "decoding"), sizes.whole)
    group = 2 * GROUP  # the one that works, and the next one on its way
    network = {"parts": sizes.network, "fp8": sizes.network - sizes.saved + GROUP}
    streamed = place == "layers"
    return {
        "encoding": min(sizes.longest, group) if streamed else sizes.longest,
        "sampling": network.get(place, min(sizes.network, group)),
        "decoding": sizes.vae,
    }


def _own(rung: Rung, work: Work, memory: Memory) -> Iterator[tuple[Stage, int]]:
    """Bytes that each stage needs beside the weights."""
    width = 4 if rung.place == "cpu" or memory.kind == "cpu" else 2
    rows = work.rows * (1 if rung.apart else work.pictures)
    yield "encoding", _TEXT_WORK
    seen = (work.pixels + work.shown) // _STRIDE**2
    yield "sampling", seen * rows * _NETWORK_WORK * width + work.beside
    pixels = min(work.pixels, rung.tile**2) if rung.tile else work.pixels
    yield "decoding", pixels * _VAE_WORK * width


def _gigabytes(count: int, language: str) -> str:
    shown = f"{count / 10**9:.1f}"
    return shown.replace(".", ",") if language == "pl" else shown
