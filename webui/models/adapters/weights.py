"""The weights that a file holds for one layer of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor


class Misfit(ValueError):
    """These weights are none for a layer of this shape."""


@dataclass(frozen=True, eq=False)
class Weights:
    """What a file holds for one layer; equal only to itself.

    Attributes:
        tensors: by the names of `names.py`: `down`, `up`, `mid`, `hada_w1_a`, `lokr_w1`, …
        numbers: `alpha`, `scale` (takes the place of alpha / rank), `on_input` (0 or 1).
    """

    tensors: Mapping[str, Tensor]
    numbers: Mapping[str, float] = field(default_factory=dict[str, float])

    def __getitem__(self, name: str) -> Tensor:
        """A tensor.

        Raises:
            Misfit: it is not there.
        """
        try:
            return self.tensors[name]
        except KeyError:
            raise Misfit(name) from None

    def __contains__(self, name: str) -> bool:
        return name in self.tensors

    def scale(self, rank: int | None) -> float:
        """What the product of the matrices is multiplied by: alpha / rank, 1 where none is told.

        Args:
            rank: of the matrices; None where they are whole.
        """
        if "scale" in self.numbers:
            return self.numbers["scale"]
        return self.numbers["alpha"] / rank if rank and "alpha" in self.numbers else 1.0


def tucker(core: Tensor, out: Tensor, into: Tensor) -> Tensor:
    """A convolution from its core (Tucker decomposition).

    Args:
        core: (r, s, k, k).
        out: (r, outputs).
        into: (s, inputs).

    Returns:
        (outputs, inputs, k, k)
    """
    return torch.einsum("rs...,ro,si->oi...", core, out, into)


def shaped(delta: Tensor, like: Tensor) -> Tensor:
    """A change in the shape of the weight that it belongs to.

    Raises:
        Misfit: it has other outputs (first axis), or another number of elements.
    """
    if delta.numel() != like.numel() or delta.shape[:1] != like.shape[:1]:
        raise Misfit(f"{tuple(delta.shape)} for {tuple(like.shape)}")
    return delta.reshape(like.shape)
