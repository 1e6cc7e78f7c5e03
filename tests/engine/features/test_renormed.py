"""Guidance keeps the length of what the prompt alone leads to, token by token."""

import torch

from webui.core.participants import Step
from webui.engine.features.renormed import RenormedGuidance
from webui.models.families.flux import packed


def guided(height: int, width: int) -> Step:
    x, prompted, uncond = torch.randn(3, 2, 16, height, width).unbind()
    denoised = uncond + 4 * (prompted - uncond)
    return Step(0, 1, x, 0.5, denoised=denoised, prompted=prompted, uncond=uncond, scale=4.0)


def test_each_token_is_as_long_as_the_prompts():
    step = guided(6, 4)
    before = step.denoised
    RenormedGuidance().after(step)
    made, own, was = (packed(step.x - one) for one in (step.denoised, step.prompted, before))
    assert torch.allclose(made.norm(dim=-1), own.norm(dim=-1), atol=1e-5)
    assert torch.allclose(torch.cosine_similarity(made, was, dim=-1), torch.ones(2, 6), atol=1e-5)


def test_sides_that_are_no_whole_tokens():
    step = guided(5, 3)
    RenormedGuidance().after(step)
    assert step.denoised is not None and step.denoised.shape == step.x.shape
    assert bool(step.denoised.isfinite().all())


def test_without_guidance_nothing_changes():
    step = guided(4, 4)
    step.scale, before = 1.0, step.denoised
    RenormedGuidance().after(step)
    assert step.denoised is before
