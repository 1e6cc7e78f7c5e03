"""Pictures between pictures."""

import numpy as np
import pytest

from webui.motion.between import Between, retimed


def blob(x: float) -> np.ndarray:
    """A soft bright spot at a place, on a soft ground; (48, 64, 3)."""
    rows, columns = np.mgrid[0:48, 0:64]
    spot = 180 * np.exp(-((columns - x) ** 2 + (rows - 24) ** 2) / 40)
    return np.repeat((40 + spot)[..., None], 3, axis=2).astype(np.uint8)


def place_of(levels: np.ndarray) -> float:
    bright = np.maximum(levels[..., 0].astype(float) - 60, 0).sum(axis=0)
    return float((bright * np.arange(64)).sum() / bright.sum())


def test_what_moves_is_halfway_between():
    middle = Between(blob(26), blob(34)).at(0.5)
    assert place_of(middle) == pytest.approx(30, abs=0.7)
    assert middle.max() > 200  # one spot, not two faint ones
    quarter = Between(blob(26), blob(34)).at(0.25)
    assert place_of(quarter) == pytest.approx(28, abs=0.7)


def test_pictures_that_are_the_same_stay():
    assert np.array_equal(Between(blob(30), blob(30)).at(0.3), blob(30))


def test_a_cut_fades():
    rng = np.random.default_rng(1)
    one, other = (rng.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(2))
    wanted = (one.astype(float) + other) / 2
    assert np.abs(Between(one, other).at(0.5) - wanted).max() <= 1


def grey(value: int) -> np.ndarray:
    return np.full((32, 32, 3), value, np.uint8)


def means(values, wanted, step, smooth=False):
    row = retimed((grey(value) for value in values), len(values), wanted, step, smooth)
    return [round(float(one.mean())) for one in row]


def test_another_pace():
    assert means([10, 20, 30], 3, 1.0) == [10, 20, 30]
    assert means([10, 20, 30], 6, 0.5) == [10, 10, 20, 20, 30, 30]
    assert means([10, 20, 30], 6, 0.5, smooth=True) == [10, 15, 20, 25, 30, 30]
    assert means([10, 20, 30, 40], 2, 2.0, smooth=True) == [10, 30]
    assert means([10, 20, 30], 9, 1 / 3, smooth=True)[:7] == [10, 13, 17, 20, 23, 27, 30]
    assert means([10], 3, 0.3, smooth=True) == [10, 10, 10]


def test_pictures_are_taken_one_by_one():
    taken = []

    def pictures():
        for value in range(100):
            taken.append(value)
            yield grey(value)

    row = retimed(pictures(), 100, 200, 0.5, False)
    for _ in range(10):
        next(row)
    assert len(taken) <= 7
