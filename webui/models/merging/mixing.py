"""What each weight of a result is made of, decided for all of them before one is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from webui.core.errors import UserError
from webui.core.merge import MergeMethod, Taken
from webui.library.blocks import BASE, block_of
from webui.models.merging.arithmetic import add_difference, slerp, triple_sum, weighted_sum
from webui.models.merging.sources import Source, Weight
from webui.models.merging.writing import Planned

EMA = "model_ema."
"""Averages that training kept; nothing draws with them."""

_TEXT = ("cond_stage_model.", "conditioner.", "text_encoder")
_VAE = ("first_stage_model.", "vae.", "vae/")
_HALF = 2
"""Bytes of a number of 16 bits."""
_MOST_CHANNELS = 4
"""That a UNet takes which sees nothing but the latents."""


@dataclass(frozen=True)
class Mix:
    """How models are put together.

    Attributes:
        multiplier, multiplier_2: m and n of `arithmetic`.
        blocks: m of blocks that have their own.
        text_encoder, vae: whose.
    """

    method: MergeMethod = "weighted_sum"
    multiplier: float = 0.5
    multiplier_2: float = 0.5
    blocks: Mapping[str, float] = field(default_factory=dict[str, float])
    family: str | None = None
    text_encoder: Taken = "merged"
    vae: Taken = "merged"

    def weight_of(self, name: str) -> float:
        """m of a weight."""
        usual = self.blocks.get(BASE, self.multiplier)
        block = block_of(name, self.family)
        return self.blocks.get(block, self.multiplier) if block != BASE else usual

    def taken(self, name: str) -> Taken:
        """Whose a weight is."""
        if name.startswith(_TEXT):
            return self.text_encoder
        return self.vae if name.startswith(_VAE) else "merged"


def plan_merge(mix: Mix, sources: Sequence[Source], to: torch.dtype | None) -> Iterator[Planned]:
    """What the result consists of: all that A has; and, where B is more than a difference, what
    only B has.

    Args:
        sources: A and B, and C where the method or the choice of a part asks for it.
        to: type of the numbers; None: of A's.

    Raises:
        UserError: the models do not fit together.
    """
    a, b = sources[:2]
    if not any(_counts(name, one) and name in b.weights for name, one in a.weights.items()):
        raise UserError("merge_names", "model_b", a=a.path.name, b=b.path.name)
    for name, weight in a.weights.items():
        yield _planned(name, _mixed(name, weight, mix, sources), to)
    if mix.method != "add_difference":
        for name, weight in b.weights.items():
            if name not in a.weights and not name.startswith(EMA):
                yield _planned(name, weight, to)


def plan_copy(source: Source, to: torch.dtype | None) -> Iterator[Planned]:
    """All weights of a model as they are."""
    return (_planned(name, weight, to) for name, weight in source.weights.items())


def _planned(name: str, weight: Weight, to: torch.dtype | None) -> Planned:
    wanted = to if to is not None and weight.dtype.is_floating_point else weight.dtype
    if wanted.itemsize == 1 and wanted.is_floating_point and not _may_be_coarse(name, weight):
        wanted = torch.float16 if weight.dtype.itemsize > _HALF else weight.dtype
    return Planned(name, weight.shape, wanted, weight.read, weight.parts)


def _may_be_coarse(name: str, weight: Weight) -> bool:
    """Whether 8 bits a number do: of the network's matrices, not of text encoders and VAE."""
    return len(weight.shape) > 1 and not name.startswith((*_TEXT, *_VAE, EMA))


def _mixed(name: str, own: Weight, mix: Mix, sources: Sequence[Source]) -> Weight:
    """A weight of A as it becomes."""
    taken = mix.taken(name)
    if taken != "merged":
        index = "abc".index(taken)
        found = sources[index].weights.get(name, own) if index < len(sources) else own
        return replace(found, dtype=own.dtype)
    used = sources[1 : needed(mix.method)]
    others = [one for source in used if (one := source.weights.get(name)) is not None]
    if not _counts(name, own) or len(others) < len(used):
        return own
    for other, source in zip(others, used, strict=True):
        _check(name, own, other, sources[0], source)
    if any(other.shape != others[0].shape for other in others):
        raise UserError("merge_shapes", a=used[0].path.name, b=used[1].path.name, name=name)
    made = _made(own, others, _formula(mix, mix.weight_of(name)))
    parts = tuple(part for one in (own, *others) for part in one.parts)
    return Weight(own.shape, own.dtype, made, parts)


def needed(method: MergeMethod) -> int:
    """How many models a method takes."""
    return 3 if method in ("add_difference", "triple_sum") else 2


def _counts(name: str, weight: Weight) -> bool:
    """Whether it was learned: what has no dot in its name is the schedule's, or a mark."""
    return "." in name and weight.dtype.is_floating_point


def _check(name: str, own: Weight, other: Weight, a: Source, b: Source) -> None:
    """A may take more channels than B: then what they share is merged, as A1111 does it."""
    if own.shape == other.shape and other.dtype.is_floating_point:
        return
    alike = len(own.shape) == len(other.shape) == 4 and own.shape[::2] == other.shape[::2]
    alike = alike and own.shape[3] == other.shape[3]
    if alike and own.shape[1] > other.shape[1] == _MOST_CHANNELS:
        return
    code = "merge_order" if alike and own.shape[1] == _MOST_CHANNELS else "merge_shapes"
    raise UserError(code, a=a.path.name, b=b.path.name, name=name)


Formula = Callable[[Sequence[Tensor]], Tensor]


def _formula(mix: Mix, m: float) -> Formula:
    match mix.method:
        case "weighted_sum":
            return lambda given: weighted_sum(given[0], given[1], m)
        case "slerp":
            return lambda given: slerp(given[0], given[1], m)
        case "add_difference":
            return lambda given: add_difference(given[0], given[1], given[2], m)
        case "triple_sum":
            n = mix.multiplier_2
            return lambda given: triple_sum(given[0], given[1], given[2], m, n)


def _made(own: Weight, others: Sequence[Weight], formula: Formula) -> Callable[[], Tensor]:
    def make() -> Tensor:
        wide = torch.float64 if own.dtype == torch.float64 else torch.float32
        a, *rest = (one.read().to(wide) for one in (own, *others))
        if a.shape == rest[0].shape:
            return formula([a, *rest])
        shared = rest[0].shape[1]
        whole = a.clone()
        whole[:, :shared] = formula([a[:, :shared], *rest])
        return whole

    return make
