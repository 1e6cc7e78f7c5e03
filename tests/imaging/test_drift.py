"""Drift goes, detail stays."""

import numpy as np
import pytest
from PIL import Image

from webui.imaging.drift import without_drift


def waves(width: int, height: int, length: float, strength: float) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    wave = np.sin(2 * np.pi * (x + y) / length)[..., None] * strength
    return np.broadcast_to(wave, (height, width, 3))


def picture(levels: np.ndarray) -> Image.Image:
    return Image.fromarray(levels.round().clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("size", [(400, 300), (517, 1031)])  # the second in more than one band
def test_drift_goes_and_detail_stays(size: tuple[int, int]) -> None:
    width, height = size
    source = 128 + waves(width, height, 900, 40)
    detail = waves(width, height, 7, 20)
    drift = waves(width, height, 700, 25) + (9, -5, 0)
    result = without_drift(picture(source + detail + drift), picture(source))
    wrong = np.asarray(result).astype(float) - (source + detail)
    assert np.abs(wrong[64:-64, 64:-64]).max() < 6 and np.abs(wrong).mean() < 2
    assert np.abs(drift).mean() > 12


def test_nothing_to_do() -> None:
    same = picture(128 + waves(90, 70, 30, 50))
    assert without_drift(same, same) == same


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (9, 8), (40, 3)])
def test_small_pictures(size: tuple[int, int]) -> None:
    image, source = Image.new("RGB", size, (90, 80, 70)), Image.new("RGB", size, (10, 200, 70))
    assert without_drift(image, source) == source


def test_levels_stay_in_their_range() -> None:
    light, lighter = Image.new("RGB", (64, 64), "#fafafa"), Image.new("RGB", (64, 64), "#ffffff")
    light.paste((255, 255, 255), (0, 0, 8, 8))
    assert without_drift(light, lighter).getpixel((2, 2)) == (255, 255, 255)
