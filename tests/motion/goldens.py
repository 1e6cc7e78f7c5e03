"""Deforum's own numbers, by file."""

import json
from typing import Any

import numpy as np

from tests.golden import golden


def numbers(name: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of `deforum/<name>.npz` and what stands about them in it."""
    with np.load(golden(f"deforum/{name}.npz"), allow_pickle=False) as data:
        arrays = dict(data)
    return arrays, json.loads(str(arrays.pop("meta")))


def difference(made: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """How far apart in levels, pixel by pixel."""
    assert made.shape == wanted.shape and made.dtype == wanted.dtype
    return np.abs(made.astype(float) - wanted.astype(float))
