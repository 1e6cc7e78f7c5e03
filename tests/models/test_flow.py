"""Noise levels of rectified flows are those of diffusers' scheduler."""

from __future__ import annotations

import math

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.flux2.pipeline_flux2 import compute_empirical_mu

from webui.core.errors import UserError
from webui.models.flow import FlowTable, Shift

FLUX = {"use_dynamic_shifting": True, "base_shift": 0.5, "max_shift": 1.15}


@pytest.mark.parametrize("shift", [1.0, 3.0, 0.5])
def test_levels_are_those_of_diffusers(shift):
    table = FlowTable.shifted(shift)
    wanted = FlowMatchEulerDiscreteScheduler(shift=shift).sigmas.flip(0)
    assert torch.allclose(table.sigmas, wanted, atol=1e-7)
    assert table.flow and float(table.sigmas[-1]) == 1


@pytest.mark.parametrize("tokens", [64, 256, 1024, 4096, 10_000])
def test_the_size_moves_the_levels_as_in_diffusers(tokens):
    scheduler = FlowMatchEulerDiscreteScheduler(**FLUX)
    mu = 0.5 + (1.15 - 0.5) * (tokens - 256) / (4096 - 256)
    scheduler.set_timesteps(sigmas=[0.75, 0.5, 0.25], mu=mu)
    table = Shift.from_config(FLUX, "m").table(tokens)
    made = table.t_to_sigma(torch.tensor([749.0, 499.0, 249.0]))
    assert torch.allclose(made, scheduler.sigmas[:3], atol=1e-6)


def test_a_shift_may_grow_in_a_straight_line():
    shift = Shift.from_config({**FLUX, "time_shift_type": "linear"}, "m")
    assert shift.table(256).shift == 0.5
    assert Shift.from_config(FLUX, "m").table(256).shift == pytest.approx(math.exp(0.5))


def test_timesteps_and_levels_are_each_others_inverse():
    table = FlowTable.shifted(3.0)
    steps = torch.linspace(0, 999, 37)
    assert torch.allclose(table.sigma_to_t(table.t_to_sigma(steps)), steps, atol=0.01)
    assert float(table.sigma_to_t(0.0)) == 0 and float(table.sigma_to_t(1.0)) == 999
    assert float(table.t_to_sigma(5000)) == 1


def test_the_last_level_may_be_set_as_in_diffusers():
    config = {**FLUX, "shift_terminal": 0.02, "max_image_seq_len": 8192, "max_shift": 0.9}
    scheduler = FlowMatchEulerDiscreteScheduler(**config)
    mu = 0.5 + (0.9 - 0.5) * (1024 - 256) / (8192 - 256)
    for steps in (4, 20, 50):
        scheduler.set_timesteps(sigmas=[1 - step / steps for step in range(steps)], mu=mu)
        table = Shift.from_config(config, "m").table(1024).for_steps(steps)
        times = torch.tensor([1000 - 1000 * step / steps - 1 for step in range(steps)])
        assert torch.allclose(table.t_to_sigma(times), scheduler.sigmas[:-1], atol=1e-6)
        assert torch.allclose(table.sigma_to_t(table.t_to_sigma(times)), times, atol=0.01)
        assert float(table.sigmas[0]) >= 0.02 - 1e-6


@pytest.mark.parametrize("tokens", [256, 4096, 4301])
@pytest.mark.parametrize("steps", [4, 50])
def test_the_shift_of_flux_2_depends_on_the_steps(tokens, steps):
    table = Shift(None, empirical=True).table(tokens).for_steps(steps)
    assert isinstance(table, FlowTable)
    assert math.log(table.shift) == pytest.approx(compute_empirical_mu(tokens, steps))


def test_as_noise_on_top_of_the_data_the_levels_are_finite():
    sigmas = FlowTable.shifted(3.0).exploding().sigmas
    assert len(sigmas) == 999
    assert bool(sigmas.isfinite().all()) and bool((sigmas[1:] > sigmas[:-1]).all())
    assert float(sigmas[249]) == pytest.approx(0.5 / 0.5)  # 0.25, shifted by 3, is 0.5


@pytest.mark.parametrize(
    "config",
    [
        {"_class_name": "EulerDiscreteScheduler"},
        {"shift": 0},
        {"shift": "3"},
        {"shift": True},
        {"shift": math.inf},
        {**FLUX, "max_shift": -1},
        {**FLUX, "base_image_seq_len": 4096},
    ],
)
def test_nonsense_is_said_to_be_nonsense(config):
    with pytest.raises(UserError) as raised:
        Shift.from_config(config, "m")
    assert raised.value.problem.code == "model_schedule"


@pytest.mark.parametrize("name", ["use_karras_sigmas", "use_beta_sigmas"])
def test_which_levels_are_walked_does_not_move_them(name):
    assert Shift.from_config({"shift": 3.0, name: True}, "m") == Shift(3.0)


@pytest.mark.parametrize("tokens", [1, 10_000_000])
def test_no_size_breaks_the_levels(tokens):
    sigmas = Shift.from_config(FLUX, "m").table(tokens).sigmas
    assert bool(sigmas.isfinite().all()) and float(sigmas[-1]) == pytest.approx(1)
