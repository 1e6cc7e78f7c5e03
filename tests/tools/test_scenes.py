"""The drawn landscapes."""

import numpy as np
import pytest

from tests.tools.tiny import disc
from tools.demo.scenes import SCENES, draw_scene

CODES = ("1f334", "1f332", "1f333", "1fa90", "1f30d", "1f41f", "1f420", "1f419", "1f3e0", "1f3e1")


def drawn(name: str, seed: int) -> np.ndarray:
    sprites = {code: disc((40, 140, 60)) for code in CODES}
    return np.asarray(draw_scene(name, sprites, np.random.default_rng(seed), 64)).astype(int)


@pytest.mark.parametrize("name", sorted(SCENES))
def test_a_scene_is_the_same_with_its_seed_and_another_without(name: str) -> None:
    assert np.array_equal(drawn(name, 1), drawn(name, 1))
    assert drawn(name, 1).shape == (64, 64, 3)
    assert np.abs(drawn(name, 1) - drawn(name, 2)).mean() > 1


def test_day_is_bright_and_night_is_dark() -> None:
    assert drawn("meadow", 0)[:20].mean() > 150
    assert drawn("starry_night", 0)[:20].mean() < 100


def test_a_beach_has_blue_water_over_yellow_sand() -> None:
    water, sand = drawn("beach", 3)[34].mean(0), drawn("beach", 3)[60].mean(0)
    assert water[2] > water[0] + 60
    assert sand[0] > sand[2] + 40
