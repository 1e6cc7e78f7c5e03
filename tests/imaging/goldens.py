"""A1111's pictures and masks, as tests of this package need them."""

import json
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.golden import golden


@cache
def arrays() -> dict[str, NDArray[Any]]:
    with np.load(golden("a1111/img.npz"), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def cases(section: str) -> list[Any]:
    return json.loads(str(arrays()["meta"]))[section]


def picture(name: str) -> Image.Image:
    """`smooth`, `noise`, `rgba`, or any array by its whole name."""
    return Image.fromarray(arrays()[name if name in arrays() else f"image_{name}"])


def mask(name: str) -> Image.Image:
    return Image.fromarray(arrays()[f"mask_{name}"])


def difference(image: Any, expected: NDArray[Any]) -> int:
    """The largest difference of two pictures; of another size, an error."""
    levels = np.asarray(image, np.int32)
    if levels.ndim == 2 and expected.ndim == 3:
        levels = levels[..., None].repeat(expected.shape[2], axis=2)
    assert levels.shape == expected.shape
    return int(np.abs(levels - expected.astype(np.int32)).max())
