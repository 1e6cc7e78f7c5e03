"""What is heard, a number a frame."""

import numpy as np
import pytest

from tests.sound.signals import clicks, sine, write_wav
from webui.sound.series import heard_series, pulses
from webui.timeline.named import SoundSource


@pytest.fixture
def path(tmp_path):
    low = np.concatenate([sine(110, 1, 0.1), sine(110, 1, 0.4)])
    high = np.concatenate([sine(2000, 1, 0.5), np.zeros(len(low) // 2)])
    return write_wav(tmp_path / "a.wav", low + high)


def heard(path, **source):
    return np.array(heard_series(path, SoundSource(sound="a", **source), 10))


def test_loudness_of_all_and_of_a_band(path):
    whole = heard(path)
    assert len(whole) == 20 and whole[:9] == pytest.approx(1, abs=0.02)
    assert whole[11:] == pytest.approx(0.4 / np.hypot(0.1, 0.5), abs=0.02)
    low = heard(path, high=300)
    assert low[1:9] == pytest.approx(0.25, abs=0.02) and low[11:19] == pytest.approx(1, abs=0.02)
    high = heard(path, low=1000)
    assert high[1:9] == pytest.approx(1, abs=0.05) and not high[11:].round(2).any()


def test_pitch(path):
    assert heard(path, of="pitch")[12:19] == pytest.approx(110, rel=0.01)


def test_onsets_fall(tmp_path):
    path = write_wav(tmp_path / "b.wav", clicks([0.5, 1.2], 2))
    found = heard(path, of="onsets", fall=0.2)
    assert found[[5, 12]] == pytest.approx(1, abs=0.3) and found[4] == 0
    assert found[7] == pytest.approx(found[5] * np.exp(-1), abs=0.001)
    assert np.count_nonzero(heard(path, of="onsets", fall=0)) == 2


def test_the_louder_of_two_that_fall_together_counts():
    made = pulses([(0.0, 1.0), (0.1, 0.2)], 10, 5, 10.0)
    assert made == pytest.approx(np.exp(-np.arange(5) / 100))
    assert pulses([(9.0, 1.0)], 10, 5, 0.1).tolist() == [0, 0, 0, 0, 1]  # just behind the end


def test_it_is_remembered(path, tmp_path):
    source, kept = SoundSource(sound="a"), tmp_path / "kept"
    first = heard_series(path, source, 10, kept)
    path.unlink()
    assert heard_series(path, source, 10, kept) == first
