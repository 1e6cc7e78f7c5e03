"""Schedulers of diffusers give, as samplers, what they give by themselves."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_deis_multistep import DEISMultistepScheduler
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.schedulers.scheduling_heun_discrete import HeunDiscreteScheduler
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from diffusers.schedulers.scheduling_tcd import TCDScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

from tests.engine.mixture import made_up
from webui.core.sampling import SamplerInfo
from webui.engine.noise import NoiseSource
from webui.engine.plan import plan
from webui.engine.samplers import SAMPLERS
from webui.engine.samplers.scheduler import _generators, scheduler_sampler
from webui.models.sigmas import SigmaTable

# diffusers makes NumPy arrays of tensors in ways that NumPy will drop
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

TABLE = SigmaTable.scaled_linear()
BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
INFO = SamplerInfo(name="under test")
KINDS = [
    (DDIMScheduler, {"clip_sample": False}),
    (DDIMScheduler, {"clip_sample": False, "steps_offset": 1, "set_alpha_to_one": False}),
    (UniPCMultistepScheduler, {}),
    (DEISMultistepScheduler, {}),
    (LCMScheduler, {}),
    (TCDScheduler, {}),
    (EulerDiscreteScheduler, {}),
    (EulerDiscreteScheduler, {"use_karras_sigmas": True}),
    (HeunDiscreteScheduler, {}),
]


@pytest.fixture
def registered() -> Iterator[None]:
    yield
    SAMPLERS.pop(INFO.name, None)


def noise() -> NoiseSource:
    return NoiseSource("cpu", (4, 8, 8), [3, 4])


def by_itself(kind: type[Any], config: dict[str, Any], prediction: str, steps: int) -> torch.Tensor:
    """The loop of a diffusers pipeline, around a model of our own."""
    scheduler = kind(**BETAS, prediction_type=prediction, **config)
    scheduler.set_timesteps(steps)
    source, denoise = noise(), made_up()
    x = source.initial() * scheduler.init_noise_sigma
    arguments = {}
    if "generator" in inspect.signature(scheduler.step).parameters:
        arguments["generator"] = _generators(source.draw(x))
    preserving = float(scheduler.init_noise_sigma) == 1
    for index, t in enumerate(scheduler.timesteps):
        scheduler.scale_model_input(x, t)
        sigma = TABLE.t_to_sigma(t.float())
        if not preserving:
            sigma = scheduler.sigmas[index]
        full = x * (1 + sigma**2).sqrt() if preserving else x
        denoised = denoise(full, sigma)
        output = denoised if prediction == "sample" else (full - denoised) / sigma
        x = scheduler.step(output, t, x, return_dict=False, **arguments)[0]
    return x


@pytest.mark.parametrize("prediction", ["sample", "epsilon"])
@pytest.mark.parametrize(("kind", "config"), KINDS)
def test_equals_the_scheduler_by_itself(registered, kind, config, prediction):
    scheduler_sampler(INFO, kind, **config)
    laid, source, denoise = plan(INFO.name, "Automatic", 8, TABLE), noise(), made_up()
    result = laid.run(denoise, source.initial(), source)
    expected = by_itself(kind, config, prediction, 8)
    assert (result - expected).abs().max() <= 1e-5 * expected.abs().max()
    assert laid.calls == len(denoise.levels)


@pytest.mark.parametrize("schedule", ["Uniform", "Karras"])
@pytest.mark.parametrize(
    ("native", "kind"), [("Euler", EulerDiscreteScheduler), ("Heun", HeunDiscreteScheduler)]
)
def test_our_own_samplers_agree_with_diffusers(registered, native, kind, schedule):
    scheduler_sampler(INFO, kind, use_karras_sigmas=schedule == "Karras")
    theirs = plan(INFO.name, "Automatic", 20, TABLE)
    ours = plan(native, schedule, 20, TABLE)
    start = noise().initial()  # they begin with the variance of noised data, we with the noise's
    x = start * float(ours.sigmas[0]) / theirs.levels.noise_scale
    expected = theirs.run(made_up(), x, noise())
    assert (ours.run(made_up(), start, noise()) - expected).abs().max() <= 3e-5


@pytest.mark.parametrize(("kind", "config"), KINDS)
def test_an_image_skips_the_first_steps(registered, kind, config):
    scheduler_sampler(INFO, kind, **config)
    whole = plan(INFO.name, "Automatic", 10, TABLE)
    laid = plan(INFO.name, "Automatic", 10, TABLE, strength=0.5)
    assert torch.equal(laid.sigmas, whole.sigmas[-len(laid.sigmas) :])
    assert laid.levels.noise_scale == pytest.approx(float(laid.sigmas[0]))
    assert laid.levels.image_scale == pytest.approx(1)
    source, denoise, latents = noise(), made_up(), torch.zeros(2, 4, 8, 8)
    result = laid.run(denoise, source.initial(), source, latents)
    assert denoise.levels == pytest.approx(laid.sigmas[:-1].tolist())
    assert result.abs().max() < 6


def test_the_models_own_table_counts(registered):
    scheduler_sampler(INFO, DDIMScheduler, clip_sample=False, timestep_spacing="trailing")
    table = SigmaTable.linear(0.001, 0.02, 500)
    assert torch.allclose(
        plan(INFO.name, "Automatic", 5, table).sigmas[:-1], table.sigmas[99::100].flip(0)
    )


def test_distilled_models_know_so_many_steps_and_no_more():
    assert plan("TCD", "Automatic", 80, TABLE).calls == 50


def test_the_walk_is_made_with_its_levels():
    with pytest.raises(TypeError, match="use Plan.run"):
        SAMPLERS["TCD"].function(made_up(), torch.zeros(1), torch.zeros(1), noise(), None)  # pyright: ignore
