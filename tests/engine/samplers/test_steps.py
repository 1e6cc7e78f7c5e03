"""The pieces that samplers share."""

import pytest
import torch

from tests.engine.mixture import ListedNoise
from webui.engine.options import Options
from webui.engine.samplers.steps import ancestral, brownian, churned, slope, through_log

X = torch.zeros(1, 1, 1, 1)
ONES = torch.ones(1, 1, 1, 1, 1)
HIGH, LOW = torch.tensor(4.0), torch.tensor(3.0)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_ancestral_keeps_the_variance(eta):
    down, up = ancestral(HIGH, LOW, eta)
    assert float(down**2 + up**2) == pytest.approx(9)
    assert float(up) == pytest.approx(eta * 3 * 7**0.5 / 4)


def test_ancestral_cannot_add_more_than_there_is():
    down, up = ancestral(HIGH, LOW, 5.0)
    assert (float(down), float(up)) == (0, 3)


def test_slope_is_the_noise():
    assert float(slope(X + 7, HIGH, X - 1)) == 2


def test_churn_raises_the_level_within_its_bounds():
    options = Options(s_churn=2.0, s_tmin=1.0, s_tmax=5.0, s_noise=0.5)
    noise = ListedNoise(ONES)
    x, sigma = churned(X, HIGH, 10, noise, options)
    assert float(sigma) == pytest.approx(4.8)
    assert float(x) == pytest.approx(0.5 * (4.8**2 - 16) ** 0.5)
    for outside in (0.5, 6.0):
        x, sigma = churned(X, torch.tensor(outside), 10, noise, options)
        assert (float(x), float(sigma)) == (0, outside)
    assert noise.count == 3, "drawn even where nothing is added"


def test_churn_has_a_limit():
    _, sigma = churned(X, HIGH, 10, ListedNoise(ONES), Options(s_churn=1000.0))
    assert float(sigma) == pytest.approx(4 * 2**0.5)


def test_levels_through_the_logarithm():
    start, middle, end = through_log(torch.tensor(7.9029436), torch.tensor(4.027743816375732))
    # as the reference asked for them
    assert float(start) == 7.902943134307861
    assert float(middle) == 5.641899585723877
    assert float(end) == 4.027743816375732


def test_brownian_noise_spans_the_levels_above_0():
    asked = []

    class Noise(ListedNoise):
        def brownian(self, x, low, high):
            asked.append((float(low), float(high)))
            return super().brownian(x, low, high)

    brownian(X, torch.tensor([9.0, 2.0, 0.5, 0.0]), Noise(ONES))
    assert asked == [(0.5, 9.0)]
