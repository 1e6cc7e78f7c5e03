"""Plans: every sampler runs, ends where it should, and makes the calls that were counted."""

import pytest
import torch

from tests.engine.mixture import ListedNoise, made_up
from webui.core import sampling
from webui.engine.noise import NoiseSource
from webui.engine.options import Options
from webui.engine.plan import plan
from webui.engine.samplers import SAMPLERS
from webui.models.sigmas import SigmaTable

TABLE = SigmaTable.scaled_linear()
NAMES = [info.name for info in sampling.SAMPLERS]
NOT_COUNTABLE = ("DPM adaptive",)


def noise() -> NoiseSource:
    return NoiseSource("nv", (4, 8, 8), [3, 4])


def test_every_name_has_a_sampler():
    assert set(SAMPLERS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("strength", [None, 0.05, 0.6])
def test_every_sampler_runs(name, strength):
    latents = None if strength is None else torch.full((2, 4, 8, 8), 0.5)
    for steps in (1, 2, 10):
        laid = plan(name, "Automatic", steps, TABLE, strength=strength)
        denoise, source = made_up(), noise()
        result = laid.run(denoise, source.initial(), source, latents)
        assert result.shape == (2, 4, 8, 8)
        assert result.dtype == torch.float32
        assert result.isfinite().all()
        assert steps == 2 or result.abs().max() < 8, "noise is left"
        assert len(denoise.levels) > 0
        assert laid.calls == len(denoise.levels) or name in NOT_COUNTABLE


@pytest.mark.parametrize("name", [name for name in NAMES if name != "DPM adaptive"])
def test_a_picture_does_not_depend_on_its_batch(name):
    """But with DPM adaptive, whose steps follow the error over the batch, as the reference's do."""
    laid = plan(name, "Automatic", 6, TABLE)
    source, alone = noise(), NoiseSource("nv", (4, 8, 8), [4])
    together = laid.run(made_up(), source.initial(), source)
    single = laid.run(made_up(), alone.initial(), alone)
    assert torch.allclose(together[1:], single, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_can_be_run_again(name):
    laid = plan(name, "Automatic", 5, TABLE)
    results = []
    for _ in range(2):
        source = noise()
        results.append(laid.run(made_up(), source.initial(), source))
    assert torch.equal(*results)


@pytest.mark.parametrize("name", NAMES)
def test_an_error_of_the_model_ends_the_run(name):
    class Stopped(Exception):
        pass

    class Model:
        def __init__(self):
            self.inner = made_up()
            self.needs_uncond, self.uncond = self.inner.needs_uncond, self.inner.uncond

        def __call__(self, x, sigma):
            if len(self.inner.levels) == 2:
                raise Stopped
            return self.inner(x, sigma)

    source = noise()
    with pytest.raises(Stopped):
        plan(name, "Automatic", 8, TABLE).run(Model(), source.initial(), source)


@pytest.mark.parametrize("schedule", [info.name for info in sampling.SCHEDULES])
@pytest.mark.parametrize("name", ["DPM++ 2M", "DPM++ 3M SDE"])
def test_sampler_and_schedule_are_a_free_product(name, schedule):
    laid, denoise, source = plan(name, schedule, 8, TABLE), made_up(), noise()
    result = laid.run(denoise, source.initial(), source)
    assert result.isfinite().all()
    assert laid.calls == len(denoise.levels)


def test_automatic_is_the_samplers_own_schedule():
    assert torch.equal(
        plan("DPM++ 2M", "Automatic", 9, TABLE).sigmas, plan("DPM++ 2M", "Karras", 9, TABLE).sigmas
    )
    assert torch.equal(
        plan("Euler", "Automatic", 9, TABLE).sigmas, plan("Euler", "Uniform", 9, TABLE).sigmas
    )


def test_prompt_schedules_count_second_order_twice():
    assert plan("Heun", "Automatic", 20, TABLE).prompt_calls == 40
    assert plan("Heun", "Automatic", 20, TABLE, strength=0.5).prompt_calls == 40
    assert plan("Euler", "Automatic", 20, TABLE).prompt_calls == 20


def test_calls_are_known_beforehand():
    counted = {name: plan(name, "Automatic", 20, TABLE).calls for name in NAMES}
    assert (
        counted["Euler"]
        == counted["UniPC"]
        == counted["PLMS"]
        == counted["DPM fast"]
        == counted["TCD"]
        == 20
    )
    assert counted["Heun"] == counted["DPM++ SDE"] == counted["Restart"] == 39
    assert counted["DDIM"] == 19
    assert 12 <= counted["DPM adaptive"] <= 60
    assert plan("Heun", "KL Optimal", 20, TABLE).calls == 40


def test_levels_may_come_as_a_tensor():
    laid = plan("Euler", "Karras", 4, TABLE.sigmas)
    assert torch.equal(laid.sigmas, plan("Euler", "Karras", 4, TABLE).sigmas)


def test_the_image_is_in_the_first_x():
    initial, latents = torch.full((1, 1, 1, 1), 2.0), torch.full((1, 1, 1, 1), 5.0)
    laid = plan("Euler", "Automatic", 10, TABLE, strength=0.5)
    first = float(laid.sigmas[0])
    assert float(laid.start(initial, latents)) == pytest.approx(2 * first + 5)
    assert float(laid.start(initial)) == pytest.approx(2 * first)


def test_nothing_to_do_gives_the_image_back():
    laid = plan("DPM++ SDE", "Automatic", 10, TABLE, Options(fixed_steps=True), strength=0.0)
    latents = torch.rand(2, 4, 8, 8)
    draws = ListedNoise(torch.ones(1, 2, 4, 8, 8))
    assert torch.equal(laid.run(made_up(), torch.ones(2, 4, 8, 8), draws, latents), latents)
    assert laid.calls == 0


def test_zero_terminal_snr_runs():
    for name in ("Euler a", "DPM++ 2M", "DDIM", "UniPC", "LCM", "TCD"):
        source = noise()
        laid = plan(name, "Automatic", 4, TABLE.zero_terminal_snr())
        assert laid.run(made_up(), source.initial(), source).isfinite().all(), name
