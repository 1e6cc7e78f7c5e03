"""The models in memory: those used last stay in the machine's, one or more are on the device."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from webui.core.errors import UserError
from webui.core.memory import Memory, Rung, Work, estimate, needed
from webui.core.offers import ModelInfo
from webui.core.request import Storage
from webui.library.hashes import stamp
from webui.library.needs import sizes_of
from webui.library.weights import weight_files
from webui.models.devices import best_device, free_memory, return_memory, whole_memory
from webui.models.families import FAMILIES
from webui.models.family import Family, LoadProgress, Model
from webui.models.memory.hooks import changing
from webui.models.memory.placement import Placeable, Placed
from webui.models.whole import WholePipeline

BUDGET = 80
"""Percent of the memory that may be used where nobody says."""

Weights = tuple[str, Storage]
"""What is loaded, see `ModelInfo.weights`: the same file kept in other bits is another model."""

_SPARE = 1.1
"""Memory that a model takes while it is loaded, relative to its weights."""


@dataclass(frozen=True)
class Wanted:
    """What a model is wanted for.

    Attributes:
        budget: percent of each memory that may be used.
        rung: to be on, where memory ran out before; else the first that fits.
    """

    work: Work = Work(pixels=512 * 512)
    budget: int = BUDGET
    rung: Rung | None = None


@dataclass(frozen=True)
class _Pooled:
    """A model, and of what state of its file and card it was made."""

    state: tuple[object, ...]
    model: Model | WholePipeline
    bytes: int

    @property
    def placed(self) -> Placed | None:
        model: object = self.model
        return model.placement if isinstance(model, Placeable) else None


class ModelManager:
    """A pool of models; the one that was not used for longest goes first."""

    def __init__(
        self,
        device: torch.device | None = None,
        families: Mapping[str, Family] = FAMILIES,
        machine: Callable[[], tuple[int, int]] | None = None,
        more: Callable[[], Mapping[str, Family]] = lambda: {},
    ) -> None:
        """Take the device given, else the best one there is.

        Args:
            more: families of extensions that are on; of two of a name, ours counts.
            machine: tells free and all bytes of the machine's memory.

        Raises:
            UserError: the environment names a device that is not there.
        """
        self.device = device or best_device()
        self._families = families
        self._more = more
        self._machine = machine or _machine
        self._pool: OrderedDict[Weights, _Pooled] = OrderedDict()

    def get(
        self,
        info: ModelInfo,
        progress: LoadProgress,
        beside: Collection[Weights] = (),
        wanted: Wanted = Wanted(),
    ) -> Model | WholePipeline:
        """The model, loaded if need be, where it fits. What `progress` raises ends the loading.

        Args:
            beside: weights of other models that are wanted too; they go last.

        Raises:
            UserError: the model cannot be used or loaded; the sentence says why.
            torch.OutOfMemoryError: the rung that is wanted does not fit.
        """
        with torch.inference_mode(False):  # a model may be asked for while another one draws
            pooled = self._pooled(info, progress, beside, wanted)
            rung = self._rung(pooled, wanted)
            placed = pooled.placed
            if placed is not None and placed.rounded and rung.place != "fp8":
                self._drop(info.weights)
                del pooled, placed
                pooled = self._pooled(info, progress, beside, wanted)
            self._place(pooled, rung, beside, wanted)
        return pooled.model

    def rung_of(self, model: Model | WholePipeline) -> Rung | None:
        """On which rung a model is, None for one that cannot be moved."""
        return model.placement.rung if isinstance(model, Placeable) else None

    def memory(self) -> Memory:
        """What there is for a model if all others make room."""
        free, total = self._machine()
        pool = tuple(self._pool.values())  # beats ask from a thread of their own
        pooled = sum(one.bytes for one in pool)
        held = sum(one.placed.held() for one in pool if one.placed is not None)
        ram = min(free + pooled - held, total)
        if self.device.type == "cpu":
            return Memory(kind="cpu", free=ram, total=total, ram_free=ram, ram_total=total)
        whole = whole_memory(self.device)
        there = min(free_memory(self.device) + held, whole)
        kind = self.device.type
        return Memory(kind=kind, free=there, total=whole, ram_free=ram, ram_total=total)

    def make_room(self) -> None:
        """Take all models off the device, after its memory ran out."""
        with torch.inference_mode(False):
            for placed in self._all_placed():
                placed.park()
        return_memory(self.device)

    # -- the pool

    def _pooled(
        self, info: ModelInfo, progress: LoadProgress, beside: Collection[Weights], wanted: Wanted
    ) -> _Pooled:
        key = info.weights
        state = (*map(stamp, weight_files(Path(info.path))), info.card.loading)
        known = self._pool.get(key)
        if known is None or known.state != state:
            known = None
            self._drop(key)
            self._make_room_for(info, {*beside, key}, wanted)
            model = self._load(info, progress)
            placed = model.placement if isinstance(model, Placeable) else None
            bytes = placed.sizes().whole if placed else info.bytes
            self._pool[key] = _Pooled(state, model, bytes)
        self._pool.move_to_end(key)
        # what suits it may have changed, and one file may be several models by their definitions
        self._pool[key].model.info = info  # pyright: ignore[reportAttributeAccessIssue]
        return self._pool[key]

    def _make_room_for(self, info: ModelInfo, beside: Collection[Weights], wanted: Wanted) -> None:
        size = int(sizes_of(info, 4 if self.device.type == "cpu" else 2).whole * _SPARE)
        before = len(self._pool)
        for key in (*self._oldest(without=beside), *self._oldest()):
            free, total = self._machine()
            limit = total * wanted.budget // 100
            pooled = sum(one.bytes for one in self._pool.values())
            if pooled + size <= limit and size <= free:
                break
            self._drop(key)
        if len(self._pool) < before:
            return_memory(self.device)

    def _drop(self, key: Weights) -> None:
        gone = self._pool.pop(key, None)
        if gone is not None and gone.placed is not None:
            gone.placed.park()
        del gone
        return_memory(self.device)

    def _oldest(self, without: Collection[Weights] = ()) -> Iterator[Weights]:
        yield from [key for key in self._pool if key not in without]

    def _load(self, info: ModelInfo, progress: LoadProgress) -> Model | WholePipeline:
        family = self._families.get(info.family or "") or self._more().get(info.family or "")
        if family is None and info.extension:
            about = {"name": info.extension, "family": info.family or "?"}
            raise UserError("family_not_loaded", "model", **about)
        if family is None:
            raise UserError("model_unsupported", "model", file=info.id, family=info.family or "?")
        return family.load(info, self.device, progress)

    # -- the device

    def _rung(self, pooled: _Pooled, wanted: Wanted) -> Rung:
        if wanted.rung is not None or pooled.placed is None:
            return wanted.rung or Rung()
        memory = self.memory().within(wanted.budget)
        return estimate(pooled.placed.sizes(), wanted.work, memory).rung

    def _place(
        self, pooled: _Pooled, rung: Rung, beside: Collection[Weights], wanted: Wanted
    ) -> None:
        placed = pooled.placed
        if placed is None:
            return
        if rung.place != "cpu":
            need = needed(rung, placed.sizes(), wanted.work, self.memory())
            self._clear(placed, beside, need)
        with changing():
            placed.use(rung, self.device)

    def _clear(self, placed: Placed, beside: Collection[Weights], need: int) -> None:
        """Take other models off the device until there is room, those of the same job last.

        Those may be in use still: they come back part by part when they are called.
        """
        for key in (*self._oldest(without=beside), *self._oldest()):
            if free_memory(self.device) + placed.held() >= need:
                return
            other = self._pool[key].placed
            if other is None or other is placed or not other.held():
                continue
            if key in beside:
                other.use(Rung(place="parts"), self.device)
            else:
                other.park()
            return_memory(self.device)

    def _all_placed(self) -> Iterator[Placed]:
        return (one.placed for one in self._pool.values() if one.placed is not None)


def _machine() -> tuple[int, int]:
    memory = psutil.virtual_memory()
    return memory.available, memory.total
