"""What was heard is kept."""

import numpy as np
import pytest

from tests.sound.signals import clicks, write_wav
from webui.core.errors import UserError
from webui.sound import hearing
from webui.sound.hearing import hear


@pytest.fixture
def path(tmp_path):
    return write_wav(tmp_path / "abc", clicks([0.5], 1))


def test_the_second_time_is_remembered(path, tmp_path):
    kept = tmp_path / "kept"
    first = hear(path, 0, 8000, kept)
    path.unlink()
    again = hear(path, 0, 8000, kept)
    assert again.seconds == first.seconds == 1
    assert np.array_equal(again.flux, first.flux) and np.array_equal(again.peaks, first.peaks)
    with pytest.raises(UserError):
        hear(path, 0, 100, kept)  # another band was never heard


def test_what_is_kept_may_be_broken(path, tmp_path):
    kept = tmp_path / "kept"
    hear(path, 0, 8000, kept)
    next(kept.iterdir()).write_bytes(b"PK\3\4 cut off")
    assert hear(path, 0, 8000, kept).seconds == 1


def test_the_oldest_is_forgotten(path, tmp_path, monkeypatch):
    monkeypatch.setattr(hearing, "_KEPT", 2)
    for low in range(4):
        hear(path, low, 8000, tmp_path / "kept")
    assert len(list((tmp_path / "kept").iterdir())) == 2
