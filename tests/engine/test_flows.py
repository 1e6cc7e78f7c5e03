"""Rectified flows: every sampler arrives, and those of diffusers say the same."""

from __future__ import annotations

import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler
from torch import Tensor

from webui.core.sampling import SAMPLERS, SCHEDULES
from webui.engine.flows import FlowDenoiser
from webui.engine.noise import NoiseSource
from webui.engine.options import Options
from webui.engine.plan import Plan, plan
from webui.engine.samplers.steps import lowered, noise_to_signal, raised
from webui.models.flow import FlowTable

SHAPE = (4, 8, 8)
MEAN, SPREAD = 0.4, 0.5
"""Of the data; what is known of it is the right answer to every noisy x."""


class Gauss:
    """The best denoiser for data that is normally distributed, and a record of its calls."""

    def __init__(self) -> None:
        self.calls: list[float] = []
        self.last = torch.zeros(())

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        sigma = float(sigma)
        self.calls.append(sigma)
        share = 1 - sigma
        gain = share * SPREAD**2 / ((share * SPREAD) ** 2 + sigma**2)
        self.last = MEAN + gain * (x - share * MEAN)
        return self.last

    def needs_uncond(self) -> None:
        pass

    def uncond(self) -> Tensor:
        return self.last


def drawn(steps: Plan, latents: Tensor | None = None) -> tuple[Tensor, Gauss]:
    source = NoiseSource("cpu", SHAPE, range(16))
    model = Gauss()
    return steps.run(model, source.initial(), source, latents), model


@pytest.mark.parametrize("name", [one.name for one in SAMPLERS])
def test_every_sampler_draws_the_data(name):
    steps = plan(name, "Automatic", 40, FlowTable.shifted(3.0))
    result, model = drawn(steps)
    assert all(0 < sigma <= 1 for sigma in model.calls)
    assert float(result.mean()) == pytest.approx(MEAN, abs=0.04)
    if name not in ("LCM", "DDIM CFG++", "TCD"):  # those that do not keep the spread by design
        assert float(result.std()) == pytest.approx(SPREAD, abs=0.08)


@pytest.mark.parametrize("name", [one.name for one in SCHEDULES])
def test_every_schedule_begins_with_noise_alone_and_goes_down(name):
    sigmas = plan("Euler", name, 12, FlowTable.shifted(3.0)).sigmas
    assert bool((sigmas[1:] < sigmas[:-1]).all())
    assert 0.95 < float(sigmas[0]) <= 1.0


@pytest.mark.parametrize("name", [one.name for one in SAMPLERS])
def test_a_picture_of_little_strength_stays(name):
    latents = torch.full((16, *SHAPE), 0.9)
    weak = plan(name, "Automatic", 40, FlowTable.shifted(3.0), strength=0.1)
    assert weak.levels.flow
    result, model = drawn(weak, latents)
    assert max(model.calls) < 0.45
    assert abs(float(result.mean()) - 0.9) < 0.35


def test_a_picture_is_mixed_with_noise_as_a_flow_is():
    steps = plan("Euler", "Simple", 10, FlowTable.shifted(3.0), strength=0.5)
    noise, latents = torch.randn(1, *SHAPE), torch.randn(1, *SHAPE)
    first = float(steps.sigmas[0])
    assert torch.allclose(steps.start(noise, latents), (1 - first) * latents + first * noise)
    by_ratio = plan("DPM++ 2M", "Simple", 10, FlowTable.shifted(3.0), strength=0.5)
    scaled = by_ratio.start(noise, latents) * (1 - first)
    assert torch.allclose(scaled, steps.start(noise, latents), atol=1e-5)


def test_euler_is_that_of_diffusers():
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    scheduler.set_timesteps(sigmas=[1 - step / 10 for step in range(10)])
    x = NoiseSource("cpu", SHAPE, range(16)).initial()
    model = Gauss()
    for t, sigma in zip(scheduler.timesteps, scheduler.sigmas, strict=False):
        x = scheduler.step((x - model(x, sigma)) / sigma, t, x, return_dict=False)[0]
    result, _ = drawn(plan("Euler", "Simple", 10, FlowTable.shifted(3.0)))
    assert torch.allclose(result, x, atol=2e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_dpmpp_2m_is_that_of_diffusers():
    scheduler = DPMSolverMultistepScheduler(
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        flow_shift=3.0,
        final_sigmas_type="zero",
        lower_order_final=True,
    )
    scheduler.set_timesteps(10)
    x = NoiseSource("cpu", SHAPE, range(16)).initial()
    model, start = Gauss(), x
    for t, sigma in zip(scheduler.timesteps, scheduler.sigmas, strict=False):
        x = scheduler.step((x - model(x, sigma)) / sigma, t, x, return_dict=False)[0]
    steps = plan("DPM++ 2M", "Simple", 10, FlowTable.shifted(3.0))
    walk, ratios = steps.levels.walk, scheduler.sigmas / (1 - scheduler.sigmas)
    assert walk is not None
    source = NoiseSource("cpu", SHAPE, range(16))
    result = walk(Gauss(), start * (1 + ratios[0]), ratios, source, Options())
    assert torch.allclose(result, x, atol=3e-5)


def test_noise_is_added_by_the_rule_of_flows():
    """Noise of variance 1 in (1 - sigma) * clean + sigma * noise, before and after."""
    generator = torch.Generator().manual_seed(0)
    clean, noise, fresh = torch.randn(3, 200_000, generator=generator)
    options = Options(flow=True)
    low, high = torch.tensor(0.3), torch.tensor(0.7)
    x = raised((1 - low) * clean + low * noise, low, high, fresh, options)
    assert float((x * clean).mean()) == pytest.approx(0.3, abs=0.01)
    assert float((x - 0.3 * clean).std()) == pytest.approx(0.7, abs=0.01)
    down, kept, up = lowered(high, low, options)
    assert down < low
    x = ((1 - down) * clean + down * noise) * kept + fresh * up
    assert float((x * clean).mean()) == pytest.approx(0.7, abs=0.01)
    assert float((x - 0.7 * clean).std()) == pytest.approx(0.3, abs=0.01)


def test_without_eta_nothing_is_added():
    down, kept, up = lowered(torch.tensor(0.7), torch.tensor(0.3), Options(flow=True, eta=0.0))
    assert float(down) == pytest.approx(0.3) and kept == 1 and float(up) == 0


def test_the_two_ways_to_write_a_flow_are_one():
    seen: list[tuple[Tensor, float]] = []

    def denoise(x: Tensor, sigma: Tensor | float) -> Tensor:
        seen.append((x, float(sigma)))
        return x

    denoise.needs_uncond = denoise.uncond = lambda: None  # pyright: ignore
    FlowDenoiser(denoise)(torch.full((1,), 4.0), torch.tensor(3.0))  # pyright: ignore
    assert seen == [(torch.ones(1), 0.75)]
    assert float(noise_to_signal(torch.tensor(0.75))) == pytest.approx(3.0)
    assert bool(noise_to_signal(torch.ones(1)).isfinite())
