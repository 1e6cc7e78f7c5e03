"""Beginnings at known times."""

import numpy as np
import pytest

from tests.sound.signals import clicks, sine, sound
from webui.sound.decoding import RATE
from webui.sound.onsets import onsets, spectral_flux

TIMES = [0.3, 0.8, 1.0, 1.37, 2.2, 3.05]


def times_of(samples, *band, threshold=0.5):
    return [one.time for one in onsets(spectral_flux(sound(samples), *band), RATE, threshold)]


@pytest.mark.parametrize("noise", [0.0, 0.002])
def test_clicks_are_heard_where_they_are(noise):
    samples = clicks(TIMES, 4) + noise * np.random.default_rng(1).standard_normal(4 * RATE)
    found = times_of(samples, threshold=2.0 if noise else 0.5)
    assert len(found) == len(TIMES)
    assert np.abs(np.array(found) - TIMES).max() < 0.013  # a look is 12 ms


def test_notes_that_change_without_a_break():
    samples = np.concatenate([sine(220, 1), sine(330, 1), sine(262, 1)])
    found = times_of(samples, threshold=2.0)
    assert np.allclose(found, [0, 1, 2], atol=0.03)


def test_only_the_band_is_heard():
    low, high = clicks([0.5, 1.5], 3, 100), clicks([1.0, 2.0], 3, 4000)
    assert np.allclose(times_of(low + high, 2000, 8000), [1.0, 2.0], atol=0.03)
    assert np.allclose(times_of(low + high, 0, 250), [0.5, 1.5], atol=0.03)
    assert len(times_of(low + high)) == 4


def test_a_band_narrower_than_the_bins_still_hears():
    assert len(times_of(clicks([0.5], 1, 1000), 1000.0, 1001.0)) == 1


def test_a_higher_threshold_leaves_out_the_weaker():
    samples = clicks([0.5, 1.5], 2) + clicks([1.0], 2, loud=0.02)
    assert len(times_of(samples, threshold=0.1)) == 3
    assert np.allclose(times_of(samples, threshold=4.0), [0.5, 1.5], atol=0.03)


def test_strength_is_of_the_strongest():
    found = onsets(spectral_flux(sound(clicks([0.5], 2) + clicks([1.5], 2, loud=0.1))), RATE)
    assert found[0].strength == 1 and 0.2 < found[1].strength < 0.8


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.zeros(1), sine(440, 0.01, 1e-4)])
def test_silence_begins_nowhere(samples):
    assert times_of(samples) == []


def test_blocks_leave_no_seams():
    """A steady tone far longer than what is looked at in one go."""
    assert times_of(sine(440, 20), threshold=3.0) == pytest.approx([0.0], abs=0.03)
