"""Brownian motion whose value does not depend on where, or how often, it is looked at.

The tree of torchsde's `BrownianTree` (Li et al., "Scalable gradients for stochastic differential
equations", 2020), number for number, as k-diffusion's SDE samplers use it. It is written here
because torchsde draws with torch's generator and offers no other, and ours can be Philox.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor

_DIGITS = 6
_POOL = 24
_REMEMBERED = 64
"""Nodes: the two paths through the tree that a query takes, and some of the last query's."""

Draw = Callable[[int], Tensor]
"""Standard normal numbers from a seed."""


@dataclass(frozen=True)
class _Node:
    """An interval of the tree; `place` counts the nodes of its depth from the left."""

    start: float
    end: float
    depth: int = 0
    place: int = 0


class BrownianPath:
    """One path over [start, end]; `path(a, b)` is its increment, with variance b - a."""

    def __init__(self, start: float, end: float, seed: int, draw: Draw) -> None:
        self._seed = seed
        self._draw = draw
        self._top = _Node(round(start, _DIGITS), round(end, _DIGITS))
        state = np.random.SeedSequence(seed, pool_size=_POOL).generate_state(3)
        self._whole = draw(int(state[0])) * math.sqrt(end - start)
        self._remembered: OrderedDict[_Node, Tensor] = OrderedDict()

    def __call__(self, a: float, b: float) -> Tensor:
        """The increment from a to b, a < b, both within the interval."""
        a = max(round(a, _DIGITS), self._top.start)
        b = min(round(b, _DIGITS), self._top.end)
        if a >= b:
            return self._whole * 0
        first, *others = self._parts(self._top, self._whole, a, b)
        return sum(others, start=first)

    def _parts(self, node: _Node, increment: Tensor, a: float, b: float) -> Iterator[Tensor]:
        """The increments of the fewest nodes that make up [a, b], from left to right."""
        if (a, b) == (node.start, node.end):
            yield increment
            return
        middle = round((node.start + node.end) / 2, _DIGITS)
        left = self._left(node, increment, middle)
        below = node.depth + 1, 2 * node.place
        if a < middle:
            yield from self._parts(_Node(node.start, middle, *below), left, a, min(b, middle))
        if b > middle:
            right = _Node(middle, node.end, below[0], below[1] + 1)
            yield from self._parts(right, increment - left, max(a, middle), b)

    def _left(self, node: _Node, increment: Tensor, middle: float) -> Tensor:
        """Increment over the left half of a node: a Brownian bridge."""
        if node not in self._remembered:
            before, after = middle - node.start, node.end - middle
            share = 1 / (node.end - node.start)
            keys = np.random.SeedSequence(
                self._seed, spawn_key=(node.place, node.depth), pool_size=_POOL
            )
            noise = self._draw(int(keys.generate_state(4)[0]))
            left = before * increment * share + math.sqrt(before * after * share) * noise
            self._remembered[node] = left
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        self._remembered.move_to_end(node)
        return self._remembered[node]
