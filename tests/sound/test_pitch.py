"""Pitch of what is known."""

import numpy as np
import pytest

from tests.sound.signals import sine, sound
from webui.sound.decoding import RATE
from webui.sound.pitch import pitch


@pytest.mark.parametrize("frequency", [61.0, 110.0, 440.0, 1318.5])
def test_a_sine(frequency):
    found = pitch(sound(sine(frequency, 1)), 10, 10)
    assert found[1:9] == pytest.approx(frequency, rel=0.005)


def test_a_tone_with_overtones_is_no_octave_off():
    samples = sine(220, 1, 0.2) + sine(440, 1, 0.3) + sine(660, 1, 0.2)
    assert pitch(sound(samples), 10, 9)[1:] == pytest.approx(220, rel=0.005)


def test_without_pitch_it_is_0():
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, RATE)
    assert not pitch(sound(noise), 10, 9)[1:].any()
    assert not pitch(sound(np.zeros(RATE)), 10, 20).any()
