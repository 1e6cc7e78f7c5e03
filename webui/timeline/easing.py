"""How a value gets from one key to the next: CSS's and Penner's easings, Bézier curves, steps.

An easing maps progress 0…1 to progress, 0 to 0 and 1 to 1; progress outside is clamped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Easing = Callable[[Array], Array]

_BACK = 1.70158
_SPLIT = re.compile(r"([a-z_]+)\s*\(([^()]*)\)")


def bezier(x1: float, y1: float, x2: float, y2: float) -> Easing:
    """CSS's `cubic-bezier`: the curve from (0, 0) to (1, 1) with two handles; x1, x2 in 0…1."""

    def along(a: float, b: float, s: Array) -> Array:
        return 3 * a * s * (1 - s) ** 2 + 3 * b * s**2 * (1 - s) + s**3

    def eased(x: Array) -> Array:
        low, high = np.zeros_like(x), np.ones_like(x)
        for _ in range(52):  # bisection to the last bit: x grows along the curve
            middle = (low + high) / 2
            below = along(x1, x2, middle) < x
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return along(y1, y2, (low + high) / 2)

    return eased


def steps(count: float) -> Easing:
    """CSS's `steps(count)`: equal stairs, the last one at 1."""
    return lambda x: np.floor(x * count) / count


def _bounce(x: Array) -> Array:
    """Penner's ball that comes to rest at 1."""
    bounds = (1 / 2.75, 2 / 2.75, 2.5 / 2.75)
    centres = np.select([x < bound for bound in bounds], (0, 1.5 / 2.75, 2.25 / 2.75), 2.625 / 2.75)
    heights = np.select([x < bound for bound in bounds], (0, 0.75, 0.9375), 0.984375)
    return 7.5625 * (x - centres) ** 2 + heights


def _elastic(x: Array) -> Array:
    swing = -(2.0 ** (10 * x - 10)) * np.sin((10 * x - 10.75) * 2 * np.pi / 3)
    return np.where((x == 0) | (x == 1), x, swing)


_INWARD: Mapping[str, Easing] = {
    "sine": lambda x: 1 - np.cos(x * np.pi / 2),
    "quad": lambda x: x**2,
    "cubic": lambda x: x**3,
    "quart": lambda x: x**4,
    "quint": lambda x: x**5,
    "expo": lambda x: np.where(x == 0, 0.0, 2.0 ** (10 * x - 10)),
    "circ": lambda x: 1 - np.sqrt(1 - x**2),
    "back": lambda x: (_BACK + 1) * x**3 - _BACK * x**2,
    "elastic": _elastic,
    "bounce": lambda x: 1 - _bounce(1 - x),
}


def _outward(inward: Easing) -> Easing:
    return lambda x: 1 - inward(1 - x)


def _both(inward: Easing) -> Easing:
    return lambda x: np.where(
        x < 0.5, inward(np.minimum(2 * x, 1)) / 2, 1 - inward(np.minimum(2 - 2 * x, 1)) / 2
    )


EASINGS: Mapping[str, Easing] = {
    "linear": lambda x: x,
    "step": lambda x: np.floor(x),
    "ease": bezier(0.25, 0.1, 0.25, 1.0),
    "ease_in": bezier(0.42, 0.0, 1.0, 1.0),
    "ease_out": bezier(0.0, 0.0, 0.58, 1.0),
    "ease_in_out": bezier(0.42, 0.0, 0.58, 1.0),
    "smoothstep": lambda x: x * x * (3 - 2 * x),
    **{f"ease_in_{name}": inward for name, inward in _INWARD.items()},
    **{f"ease_out_{name}": _outward(inward) for name, inward in _INWARD.items()},
    **{f"ease_in_out_{name}": _both(inward) for name, inward in _INWARD.items()},
}
"""Easings by name; the first of CSS, those with a curve's name of Robert Penner."""


def ease(easing: Easing, x: npt.ArrayLike) -> Array:
    """Progress through an easing, clamped to 0…1 before."""
    return easing(np.clip(np.asarray(x, dtype=np.float64), 0.0, 1.0))


def easing_of(text: str) -> Easing | None:
    """The easing of `ease-in-out`, `bezier(0.4, 0, 0.2, 1)`, `steps(4)` …, if it is one."""
    name = text.strip().lower().replace("-", "_")
    if name in EASINGS:
        return EASINGS[name]
    call = _SPLIT.fullmatch(name)
    if not call:
        return None
    try:
        numbers = [float(number) for number in call[2].replace("_", "-").split(",")]
    except ValueError:
        return None
    if call[1] in ("bezier", "cubic_bezier") and len(numbers) == 4:
        fits = all(0 <= number <= 1 for number in numbers[::2]) and np.isfinite(numbers).all()
        return bezier(*numbers) if fits else None
    if call[1] == "steps" and len(numbers) == 1 and numbers[0] >= 1 and numbers[0] % 1 == 0:
        return steps(numbers[0])
    return None
