"""Between known values: straight lines, or splines through all of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Method = Literal["Linear", "Quadratic", "Cubic"]

_DEGREES: dict[Method, int] = {"Linear": 1, "Quadratic": 2, "Cubic": 3}


def fill_gaps(values: Array, method: Method = "Linear") -> Array:
    """The values with each NaN replaced; before the first and after the last known value, by it.

    Args:
        values: (frames,), at least one known.
        method: what goes through the known ones.
    """
    filled = values.copy()
    known = np.flatnonzero(~np.isnan(values))
    filled[0], filled[-1] = values[known[0]], values[known[-1]]
    known = np.flatnonzero(~np.isnan(filled))
    return curve(
        known.astype(np.float64), filled[known], np.arange(len(values), dtype=np.float64), method
    )


def curve(x: Array, y: Array, at: Array, method: Method) -> Array:
    """Through the points (x, y), x growing; with too few of them, of a lower degree."""
    degree = min(_DEGREES[method], max(len(x) - 1, 1))
    if degree == 1:
        return np.interp(at, x, y)
    interpolate: Any = import_module("scipy.interpolate")  # heavy, and rarely asked for
    return np.asarray(interpolate.make_interp_spline(x, y, k=degree)(at), dtype=np.float64)
