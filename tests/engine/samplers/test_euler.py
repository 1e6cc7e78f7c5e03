"""Euler, Heun, DPM2 and Restart equal A1111's."""

import pytest
import torch

from tests.engine.mixture import ListedNoise
from tests.engine.samplers.equality import TABLE, assert_equal
from webui.engine.options import Options
from webui.engine.plan import plan
from webui.engine.samplers.euler import euler, heun_step, midpoint_step, restart_steps


@pytest.mark.parametrize("sampler", ["Euler", "Euler a", "Heun", "DPM2", "DPM2 a"])
def test_equals_the_reference(sampler):
    assert_equal(sampler)


def test_restart_equals_the_reference():
    # from 20 steps on its levels and the noise between them are float32 in the reference too
    assert_equal("Restart", in_float64=1e-6)


class Straight:
    """A model whose slope is the same everywhere: every method must be exact."""

    def __call__(self, x, sigma):
        return x - sigma * 2

    def needs_uncond(self):
        pass

    def uncond(self):
        raise AssertionError


def test_straight_lines_are_exact():
    x, sigmas = torch.zeros(1, 1, 1, 1), torch.tensor([3.0, 2.0, 0.5])
    silent = ListedNoise(torch.zeros(1, 1, 1, 1, 1))
    assert float(euler(Straight(), x, sigmas, silent, Options())) == -5
    for step in (heun_step, midpoint_step):
        assert float(step(Straight(), x, sigmas[0], sigmas[1])) == pytest.approx(-2)


def test_restart_goes_back_up():
    sigmas = plan("Euler", "Karras", 40, TABLE).sigmas
    walk = [(float(a), float(b)) for a, b in restart_steps(sigmas)]
    assert len(walk) == 40
    jumps = [i for i in range(1, 40) if walk[i][0] > walk[i - 1][1]]
    assert len(jumps) == 2
    assert all(walk[i][0] == pytest.approx(2, rel=0.2) for i in jumps)
    assert walk[-1][1] == 0
    short = sigmas[-20:]
    assert restart_steps(short) == list(zip(short, short[1:], strict=False))


def test_restart_without_room_to_go_back_does_not():
    sigmas = torch.linspace(0.3, 0.05, 25)
    walk = restart_steps(sigmas)
    assert all(a > b for a, b in walk)
