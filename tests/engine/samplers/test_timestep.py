"""DDIM, DDIM CFG++ and PLMS equal A1111's."""

import pytest
import torch

from tests.engine.mixture import ListedNoise, made_up
from tests.engine.samplers.equality import TABLE, cases_of, difference
from webui.engine.plan import plan
from webui.engine.samplers.timestep import scaled_down

NAMES = ["DDIM", "DDIM CFG++", "PLMS"]


@pytest.mark.parametrize("sampler", NAMES)
def test_equals_the_reference(sampler):
    cases = [case for case in cases_of(sampler) if case["steps"] > 1]
    assert len(cases) >= 4
    for case in cases:
        assert difference(case, torch.float32) <= max(1e-5, 4 * case["max_difference_32_64"]), case
        # the levels are float32: 1e-6 of what the guided result spans (up to 30)
        span = float(case["cfg_scale"] or 1)
        assert difference(case, torch.float64) <= 1e-6 * span, case


@pytest.mark.parametrize("sampler", NAMES)
def test_one_step_makes_a_picture(sampler):
    """The reference makes no step then, and decodes the noise."""
    denoise, x = made_up(), torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    result = plan(sampler, "Automatic", 1, TABLE).run(denoise, x, ListedNoise(x[None]))
    assert len(denoise.levels) == 1
    assert result.abs().max() < 3


def test_cfg_plus_plus_asks_for_the_unconditional_part():
    class Unguided:
        def __call__(self, x, sigma):
            return x * 0

        def needs_uncond(self):
            raise LookupError("asked")

        def uncond(self):
            raise AssertionError("not before needs_uncond")

    x = torch.ones(1, 4, 8, 8)
    with pytest.raises(LookupError, match="asked"):
        plan("DDIM CFG++", "Automatic", 5, TABLE).run(Unguided(), x, ListedNoise(x[None]))


def test_scaled_down_has_variance_1():
    x = torch.randn(10_000, generator=torch.Generator().manual_seed(2)) * (1 + 7.0**2) ** 0.5
    assert float(scaled_down(x, torch.tensor(7.0)).std()) == pytest.approx(1, abs=0.03)
