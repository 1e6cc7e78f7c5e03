"""Beats a minute."""

import numpy as np
import pytest

from tests.sound.signals import clicks, sine, sound
from webui.sound.decoding import RATE
from webui.sound.onsets import HOP, spectral_flux
from webui.sound.tempo import tempo


@pytest.mark.parametrize("bpm", [75.0, 97.3, 120.0, 128.0, 151.5])
def test_even_beats(bpm):
    flux = spectral_flux(sound(clicks(np.arange(0.2, 20, 60 / bpm), 20)))
    assert tempo(flux, RATE / HOP) == pytest.approx(bpm, rel=0.003)


@pytest.mark.parametrize("samples", [np.zeros(10 * RATE), sine(440, 0.5), clicks([3], 10)])
def test_nothing_repeats(samples):
    assert tempo(spectral_flux(sound(samples)), RATE / HOP) is None
