"""UniPC equals A1111's in every variant, and does not fail where that does."""

from dataclasses import replace

import pytest
import torch

from tests.engine.mixture import ListedNoise, made_up
from tests.engine.samplers.equality import TABLE, assert_equal
from webui.engine.levels import Task
from webui.engine.options import Options
from webui.engine.plan import plan
from webui.engine.samplers.unipc import unipc_levels

X = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(2))


def test_equals_the_reference():
    assert_equal("UniPC", in_float64=1e-6)


@pytest.mark.parametrize("steps", [1, 2])
def test_fewer_steps_than_its_order(steps):
    """The reference refuses."""
    denoise = made_up()
    result = plan("UniPC", "Automatic", steps, TABLE).run(denoise, X, ListedNoise(X[None]))
    assert len(denoise.levels) == steps
    assert result.abs().max() < 5


def test_varying_coefficients_for_a_batch():
    """The reference fails for more than one picture."""
    laid = plan("UniPC", "Automatic", 8, TABLE, Options(unipc_variant="vary_coeff"))
    both = laid.run(made_up(), X, ListedNoise(X[None]))
    assert torch.allclose(both[1:], laid.run(made_up(), X[1:], ListedNoise(X[None])), atol=1e-5)


@pytest.mark.parametrize("skip", ["time_uniform", "time_quadratic", "logSNR"])
def test_levels_go_from_the_models_last_to_its_first(skip):
    task = Task(TABLE, "Automatic", 8, Options(unipc_skip=skip))
    levels = unipc_levels(task)
    assert len(levels.sigmas) == 9
    assert levels.sigmas[[0, -1]].tolist() == pytest.approx(TABLE.sigmas[[-1, 0]].tolist())
    assert (levels.sigmas.diff() < 0).all()
    part = unipc_levels(replace(task, strength=0.6))
    assert float(part.sigmas[0]) == pytest.approx(float(TABLE.sigmas[376]))
