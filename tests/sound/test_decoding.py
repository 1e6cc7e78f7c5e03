"""Sound out of files."""

import numpy as np
import pytest

from tests.sound.signals import sine, write_wav
from webui.core.errors import UserError
from webui.sound.decoding import RATE, read_sound
from webui.video.encoding import Beside, Encoding
from webui.video.writing import join, write_film


def test_a_sound_of_another_rate(tmp_path):
    path = write_wav(tmp_path / "a.wav", sine(440, 2), RATE * 2)
    sound = read_sound(path)
    assert sound.seconds == pytest.approx(1, abs=0.01)
    assert abs(sound.piece(0, RATE)).max() == pytest.approx(0.5, abs=0.02)


def test_the_sound_of_a_film(tmp_path):
    frames = [np.zeros((16, 16, 3), np.uint8)] * 10
    write_film(frames, tmp_path / "a.mp4", Encoding(fps=10, preset="ultrafast"))
    wav = write_wav(tmp_path / "a.wav", sine(440, 3))
    join(tmp_path / "a.mp4", Beside(1.0, wav), "mp4", tmp_path / "b.mp4")
    assert read_sound(tmp_path / "b.mp4").seconds == pytest.approx(1, abs=0.1)
    with pytest.raises(UserError, match="no sound"):
        read_sound(tmp_path / "a.mp4")


@pytest.mark.parametrize("data", [b"", b"text", b"RIFF\0\0\0\0WAVE"])
def test_what_is_no_sound(tmp_path, data):
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    with pytest.raises(UserError, match="no sound"):
        read_sound(path)


def test_one_that_is_too_long(tmp_path):
    path = write_wav(tmp_path / "a.wav", np.zeros(3 * RATE))
    with pytest.raises(UserError, match="longer than"):
        read_sound(path, longest=2)
    assert read_sound(path, longest=3).seconds == 3


def test_before_and_behind_a_sound_is_silence(tmp_path):
    sound = read_sound(write_wav(tmp_path / "a.wav", np.full(100, 0.5)))
    piece = sound.piece(-5, 200)
    assert len(piece) == 200 and not piece[:5].any() and not piece[105:].any()
    assert piece[5:105] == pytest.approx(0.5, abs=0.01)
