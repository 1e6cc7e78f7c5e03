"""The DPM++ family equals A1111's, with listed and with Brownian noise."""

import pytest
import torch

from tests.engine.samplers.equality import assert_equal, cases_of, laid_out, stored
from webui.engine.noise import NoiseSource
from webui.engine.samplers.dpmpp import toward

STOCHASTIC = ["DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE"]


@pytest.mark.parametrize("sampler", ["DPM++ 2M", "DPM++ 2S a", *STOCHASTIC])
def test_equals_the_reference(sampler):
    assert_equal(sampler)


@pytest.mark.parametrize("sampler", STOCHASTIC)
def test_equals_the_reference_with_noise_of_our_own(sampler):
    cases = [case for case in cases_of(sampler) if "brownian" in case]
    assert len(cases) >= 2
    for case in cases:
        known, made = stored(), laid_out(case)
        kind, seeds = case["brownian"]["source"].lower(), case["brownian"]["seeds"]
        noise = NoiseSource(kind, (4, 8, 8), seeds)
        result = made.run(known.denoiser(), known.arrays["noise0"], noise)
        expected = known.arrays[f"x32_{case['id']}"]
        assert (result - expected).abs().max() <= 2e-5, case


def test_the_last_step_gives_the_prediction():
    x, denoised = torch.rand(2, 1, 4, 4)
    assert torch.equal(toward(x, torch.tensor(3.0), torch.tensor(0.0), denoised), denoised)
    assert torch.equal(toward(x, torch.tensor(3.0), torch.tensor(3.0), denoised), x)
