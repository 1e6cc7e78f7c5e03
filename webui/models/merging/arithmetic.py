"""How numbers of two or three models become one: formulas, each for tensors of one shape.

All is computed in 32 bits at least, and rounded once at the end. With a weight of 0 the result is
A, with 1 (where that means all of B) it is B, and models that are equal give what they are.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_NEARLY_PARALLEL = 0.9995
"""Cosine above which an arc is as good as straight, and its formula divides by almost nothing."""


def weighted_sum(a: Tensor, b: Tensor, m: float) -> Tensor:
    """A (1 - m) + B m, A1111's formula. a, b: of one shape and type."""
    if m in (0.0, 1.0):
        return b if m else a
    return torch.lerp(a, b, m)  # equal to both ends, and to both where they are equal


def add_difference(a: Tensor, b: Tensor, c: Tensor, m: float) -> Tensor:
    """A + (B - C) m, A1111's formula."""
    return a + (b - c) * m if m else a


def triple_sum(a: Tensor, b: Tensor, c: Tensor, m: float, n: float) -> Tensor:
    """A + (B - A) m + (C - A) n, the sum of two differences, which is A (1 - m - n) + B m + C n."""
    if not n:
        return weighted_sum(a, b, m)
    return weighted_sum(a, c, n) if not m else a + (b - a) * m + (c - a) * n


def slerp(a: Tensor, b: Tensor, m: float) -> Tensor:
    """From A to B on the arc between their directions, the whole tensor taken as one vector.

    Shoemake, "Animating rotation with quaternion curves", 1985:
    (A sin((1 - m) w) + B sin(m w)) / sin w, w being the angle between them. Where they point the
    same way, or one of them nowhere, it is the weighted sum.
    """
    lengths = [float(torch.linalg.vector_norm(one, dtype=torch.float64)) for one in (a, b)]
    length = lengths[0] * lengths[1]
    if not length or not math.isfinite(length) or m in (0.0, 1.0):
        return weighted_sum(a, b, m)
    cosine = float(torch.sum(a * b, dtype=torch.float64)) / length
    if abs(cosine) > _NEARLY_PARALLEL:
        return weighted_sum(a, b, m)
    angle = math.acos(cosine)
    of_a, of_b = (math.sin(part * angle) / math.sin(angle) for part in (1 - m, m))
    return a * of_a + b * of_b
