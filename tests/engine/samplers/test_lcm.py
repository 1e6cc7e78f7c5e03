"""LCM equals A1111's, and asks the model at levels that it knows."""

import pytest
import torch

from tests.engine.mixture import ListedNoise, made_up
from tests.engine.samplers.equality import TABLE, assert_equal
from webui.engine.plan import plan
from webui.engine.samplers.lcm import ConsistencyDenoiser

X = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))


def test_equals_the_reference():
    assert_equal("LCM")


def test_the_model_is_asked_at_its_own_levels():
    denoise = made_up()
    plan("LCM", "Karras", 7, TABLE).run(denoise, X, ListedNoise(X[None]))
    known = TABLE.coarse().sigmas
    assert len(denoise.levels) == 7
    for level in denoise.levels:
        assert (known / level - 1).abs().min() < 1e-6


def test_at_a_level_that_it_knows_the_prediction_is_the_models():
    table, denoise = TABLE.coarse(), made_up()
    sigma = float(table.sigmas[30])
    changed = ConsistencyDenoiser(denoise, table)(X * sigma, sigma)
    assert torch.allclose(changed, made_up()(X * sigma, sigma), atol=1e-4)


def test_between_levels_the_nearest_is_taken():
    """x is scaled so that signal and noise together keep their variance."""
    table, seen = TABLE.coarse(), []

    class Model:
        def __call__(self, x, sigma):
            seen.append((x, sigma))
            return x * 0

        def needs_uncond(self):
            pass

        def uncond(self):
            raise AssertionError

    known = float(table.sigmas[25])
    sigma = known * 1.01
    result = ConsistencyDenoiser(Model(), table)(X, sigma)
    x, asked = seen[0]
    assert asked == pytest.approx(known)
    assert torch.allclose(x / (1 + known**2) ** 0.5, X / (1 + sigma**2) ** 0.5)
    # all of x is noise to this model: x / known of it, times sigma
    assert torch.allclose(result, X - x * 1.01, atol=1e-5)


def test_the_unconditional_part_is_passed_on():
    denoise = made_up()
    changed = ConsistencyDenoiser(denoise, TABLE.coarse())
    changed.needs_uncond()
    changed(X, 2.0)
    assert torch.equal(changed.uncond(), denoise.uncond())
