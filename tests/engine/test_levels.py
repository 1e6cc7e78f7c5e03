"""Where runs begin and end."""

import json
from dataclasses import replace

import pytest
import torch

from tests.golden import golden
from webui.engine.levels import (
    Task,
    between_ends,
    ddim_timesteps,
    image_steps,
    image_timesteps,
    preserved,
    scheduled,
    timesteps,
)
from webui.engine.options import Options
from webui.models.sigmas import SigmaTable

TABLE = SigmaTable.scaled_linear()
TASK = Task(TABLE, "Uniform", 20, Options())


def test_image_steps_equal_the_reference():
    cases = json.loads(golden("a1111/schedules.json").read_text(encoding="utf-8"))["img2img"]
    for case in cases:
        fixed = case["img2img_fix_steps"] or case["explicit_steps"] is not None
        task = Task(
            TABLE, "Uniform", case["steps"], Options(fixed_steps=fixed), case["denoising_strength"]
        )
        assert image_steps(task) == (case["result"]["steps"], case["result"]["t_enc"])
        ddim = case["DDIM"]
        if len(ddim.get("timesteps", [])) > 1:
            assert image_timesteps(task) == (ddim["timesteps"], ddim["noise_level_timestep"])


def test_noise_alone_has_the_first_level():
    levels = scheduled(TASK)
    assert levels.noise_scale == float(levels.sigmas[0])
    multiplied = scheduled(replace(TASK, options=Options(sgm_noise_multiplier=True)))
    assert multiplied.noise_scale == pytest.approx((1 + levels.noise_scale**2) ** 0.5)


def test_an_image_gets_the_first_level_that_is_left():
    levels = scheduled(replace(TASK, strength=0.5))
    assert len(levels.sigmas) == 12
    assert levels.noise_scale == float(levels.sigmas[0])
    assert levels.image_scale == 1


@pytest.mark.parametrize("make", [scheduled, timesteps])
def test_strength_0_with_fixed_steps_leaves_the_image_alone(make):
    task = replace(TASK, strength=0.0, options=Options(fixed_steps=True))
    levels = make(task)
    assert levels.sigmas.tolist() == [0]
    assert (levels.noise_scale, levels.image_scale) == (0, 1)


def test_discarding_drops_the_level_before_0():
    plain = scheduled(replace(TASK, steps=21)).sigmas
    assert torch.equal(
        scheduled(replace(TASK, discard=True)).sigmas, torch.cat([plain[:-2], plain[-1:]])
    )


def test_ddim_timesteps():
    assert ddim_timesteps(TASK, 20)[-1] == 951
    assert len(ddim_timesteps(TASK, 30)) == 31
    assert ddim_timesteps(TASK, 1001) == [*range(1, 1000), 999]


def test_one_ddim_step_goes_all_the_way():
    assert timesteps(replace(TASK, steps=1)).sigmas.tolist() == [float(TABLE.sigmas[-1]), 0]


@pytest.mark.parametrize(("strength", "walked"), [(0.0, [1, 0]), (0.05, [51, 1]), (0.1, [51, 1])])
def test_a_weak_image_to_image_run_makes_a_step(strength, walked):
    levels = timesteps(replace(TASK, strength=strength))
    assert torch.equal(levels.sigmas, TABLE.sigmas[walked])


def test_a_variance_preserving_start():
    sigmas = torch.tensor([3.0, 1.0])
    assert preserved(sigmas).noise_scale == pytest.approx(10**0.5)
    levels = preserved(sigmas, image_sigma=2.0)
    # scaled down by sqrt(1 + 3^2) it is what an image with noise of level 2 is, scaled down itself
    assert levels.image_scale / 10**0.5 == pytest.approx(5**-0.5)
    assert levels.noise_scale / 10**0.5 == pytest.approx(2 * 5**-0.5)


def test_between_ends():
    levels = between_ends(TASK)
    assert len(levels.sigmas) == 21
    assert levels.sigmas[[0, -1]].tolist() == TABLE.sigmas[[-1, 0]].tolist()
    assert torch.allclose(levels.sigmas.log().diff(2), torch.zeros(19), atol=1e-5)


@pytest.mark.parametrize("strength", [0.0, 0.05, 0.6])
def test_between_ends_of_an_image(strength):
    kept = scheduled(replace(TASK, strength=strength)).sigmas
    levels = between_ends(replace(TASK, strength=strength))
    assert levels.noise_scale == float(kept[0]) == float(levels.sigmas[0])
    assert len(levels.sigmas) == len(kept)
    assert levels.sigmas[-1] == pytest.approx(float(TABLE.sigmas[0]))
