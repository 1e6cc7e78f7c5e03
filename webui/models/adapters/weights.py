"""The weights that a file holds for one layer of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor


class Misfit(ValueError):
    """These weights are none for a layer of this shape."""


class Rows(NamedTuple):
    """Which outputs of a layer in a file are those of a layer of the network.

    Attributes:
        total: outputs of the file's layer.
        spans: (start, stop) of those that are meant, in the order of the network's layer.
    """

    total: int
    spans: tuple[tuple[int, int], ...]

    def of(self, whole: Tensor) -> Tensor:
        """Those rows.

        Raises:
            Misfit: the tensor is of another layer.
        """
        if whole.shape[:1] != (self.total,):
            raise Misfit(f"{tuple(whole.shape)} for {self.total} outputs")
        parts = [whole[start:stop] for start, stop in self.spans]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def within(self, rows: Tensor) -> Tensor:
        """All outputs of the file's layer, where only these rows are known; the rest is 0.

        Raises:
            Misfit: they are not as many.
        """
        sizes = [stop - start for start, stop in self.spans]
        if rows.shape[0] != sum(sizes):
            raise Misfit(f"{tuple(rows.shape)} for {sum(sizes)} outputs")
        whole = rows.new_zeros(self.total, *rows.shape[1:])
        for (start, stop), part in zip(self.spans, rows.split(sizes), strict=True):
            whole[start:stop] = part
        return whole


_BY_ROW = frozenset({"up", "up_bias", "magnitude", "diff", "diff_b"})
"""Tensors whose first axis is the layer's outputs."""


@dataclass(frozen=True, eq=False)
class Weights:
    """What a file holds for one layer; equal only to itself.

    Attributes:
        tensors: by the names of `names.py`: `down`, `up`, `mid`, `hada_w1_a`, `lokr_w1`, …
        numbers: `alpha`, `scale` (takes the place of alpha / rank), `on_input` (0 or 1).
        rows: which of the outputs of what these weights give belong to the layer; None: all.
    """

    tensors: Mapping[str, Tensor]
    numbers: Mapping[str, float] = field(default_factory=dict[str, float])
    rows: Rows | None = None

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

    def part(self, rows: Rows | None) -> Weights:
        """What of these weights belongs to some of the outputs.

        Plain matrices are cut; whatever mixes outputs is worked out whole, and cut then.

        Raises:
            Misfit: the weights are of a layer with another number of outputs.
        """
        if rows is None:
            return self
        if self.tensors.keys() <= _BY_ROW | {"down"}:
            cut = {
                name: rows.of(one) if name in _BY_ROW else one for name, one in self.tensors.items()
            }
            return replace(self, tensors=cut)
        return replace(self, rows=rows)

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
