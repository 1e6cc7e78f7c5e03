"""Recolouring the demo model's subjects."""

import numpy as np
import pytest

from tests.tools.tiny import disc, tiny_words
from tools.demo.painting import backdrop, main_hue, repaint

BLUE = tiny_words().colours["blue"]


def test_the_main_hue_of_a_red_disc_is_red() -> None:
    hue = main_hue(disc((220, 30, 30)))
    assert hue is not None
    assert min(hue, 256 - hue) <= 13


def test_gray_has_no_hue() -> None:
    assert main_hue(disc((128, 128, 128))) is None
    with pytest.raises(ValueError, match="without a hue"):
        repaint(disc((128, 128, 128)), BLUE)


def test_repainting_turns_the_hue_and_keeps_the_outline() -> None:
    before = disc((220, 30, 30))
    after = repaint(before, BLUE)
    red, green, blue, alpha = np.asarray(after)[72, 72].tolist()
    assert blue > green > red
    assert alpha == 255
    assert np.array_equal(np.asarray(after)[..., 3], np.asarray(before)[..., 3])


def test_another_colour_on_the_subject_stays() -> None:
    sprite = disc((220, 30, 30))
    sprite.paste((40, 160, 40, 255), (60, 60, 80, 80))
    red, green, blue, _ = np.asarray(repaint(sprite, BLUE))[70, 70].tolist()
    assert green > 2 * red and green > 2 * blue


def test_a_backdrop_has_about_its_colour() -> None:
    pixels = np.asarray(backdrop(BLUE, 16, np.random.default_rng(1)))
    assert pixels.shape == (16, 16, 3)
    assert np.abs(pixels[0].mean(0) - BLUE.rgb).max() < 30
