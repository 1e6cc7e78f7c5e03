"""DPM fast and DPM adaptive equal A1111's, and keep their order."""

import math

import pytest
import torch

from tests.engine.mixture import ListedNoise
from tests.engine.samplers.equality import assert_equal
from webui.engine.options import Options
from webui.engine.samplers.dpm_solver import dpm_adaptive, dpm_fast, fast_orders


def test_fast_equals_the_reference():
    # its times are float32 in the reference whatever x is, so no more digits than that agree
    assert_equal("DPM fast", in_float64=1e-5)


def test_adaptive_equals_the_reference():
    assert_equal("DPM adaptive", in_float64=1e-5)


@pytest.mark.parametrize(
    ("calls", "orders"), [(1, [1]), (2, [2]), (3, [2, 1]), (7, [3, 3, 1]), (8, [3, 3, 2])]
)
def test_orders(calls, orders):
    assert fast_orders(calls) == orders
    assert sum(orders) == calls


class Gaussian:
    """Data of variance 1: x shrinks by sqrt(1 + sigma^2), exactly."""

    calls = 0

    def __call__(self, x, sigma):
        self.calls += 1
        return x / (1 + sigma**2)

    def needs_uncond(self):
        pass

    def uncond(self):
        raise AssertionError


def error_of(calls: int) -> float:
    sigmas = torch.logspace(1, -1, calls + 1, dtype=torch.float64)
    x = torch.full((1, 1, 1, 1), math.sqrt(101), dtype=torch.float64)
    silent = ListedNoise(torch.zeros(1, 1, 1, 1, 1))
    result = dpm_fast(Gaussian(), x, sigmas, silent, Options(eta=0.0))
    return abs(float(result) - math.sqrt(1.01))


def test_fast_is_of_third_order():
    assert error_of(59) < error_of(29) / 4 < error_of(14) / 16


def test_adaptive_keeps_its_tolerance():
    model = Gaussian()
    sigmas = torch.tensor([10.0, 0.1], dtype=torch.float64)
    x = torch.full((1, 1, 1, 1), math.sqrt(101), dtype=torch.float64)
    silent = ListedNoise(torch.zeros(1, 1, 1, 1, 1))
    result = dpm_adaptive(model, x, sigmas, silent, Options(eta=0.0))
    assert float(result) == pytest.approx(math.sqrt(1.01), abs=0.05)
    assert 9 <= model.calls <= 60


@pytest.mark.parametrize("walk", [dpm_fast, dpm_adaptive])
def test_no_way_to_go_is_one_prediction(walk):
    x, sigmas = torch.ones(1, 1, 1, 1), torch.tensor([0.03, 0.03])
    silent = ListedNoise(torch.zeros(1, 1, 1, 1, 1))
    assert torch.equal(walk(Gaussian(), x, sigmas, silent, Options()), Gaussian()(x, sigmas[0]))


def test_adaptive_ends_when_the_model_is_broken():
    class Broken(Gaussian):
        def __call__(self, x, sigma):
            return x * math.nan

    x, sigmas = torch.ones(1, 1, 1, 1), torch.tensor([10.0, 0.1])
    silent = ListedNoise(torch.zeros(1, 1, 1, 1, 1))
    assert dpm_adaptive(Broken(), x, sigmas, silent, Options()).isnan().all()
