"""The drawn wave and the loudness."""

import numpy as np
import pytest

from tests.sound.signals import sine, sound
from webui.sound.decoding import RATE
from webui.sound.levels import amplitude, peaks


def test_peaks_hold_the_extremes():
    samples = np.zeros(RATE)
    samples[100], samples[-1] = -0.5, 0.25
    found = peaks(sound(samples), 10)
    assert found.shape == (10, 2)
    assert found[0] == pytest.approx([-0.5, 0], abs=1e-4)
    assert found[-1] == pytest.approx([0, 0.25], abs=1e-4)


def test_a_short_sound_has_few_peaks():
    assert peaks(sound(np.full(3, 0.5))).shape == (3, 2)


def test_amplitude_follows_the_sound():
    samples = np.concatenate([sine(440, 1, 0.25), sine(440, 1, 0.5)])
    found = amplitude(sound(samples), 10, 30)
    assert found[:10] == pytest.approx(0.5, abs=0.01)
    assert found[10:20] == pytest.approx(1, abs=0.01)
    assert not found[20:].any()


def test_silence_has_none():
    assert not amplitude(sound(np.zeros(RATE)), 24, 10).any()
