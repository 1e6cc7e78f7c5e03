"""The noise levels of the demo model's training."""

import numpy as np
import pytest
import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

from tools.demo.noise import LEVELS, NoiseLevels


def test_noise_is_added_as_stable_diffusion_does() -> None:
    levels = torch.tensor([0, 500, 999])
    latents, noise = torch.randn(2, 3, 4, 8, 8)
    scheduler = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    wanted = scheduler.add_noise(latents, noise, levels)  # pyright: ignore[reportArgumentType]
    torch.testing.assert_close(NoiseLevels().add_noise(latents, noise, levels), wanted)


def test_weights_average_to_one_over_the_levels_drawn() -> None:
    levels = NoiseLevels()
    drawn = levels.draw(20_000, np.random.default_rng(0))
    assert levels.weights[drawn].mean().item() == pytest.approx(1, abs=0.02)


def test_every_batch_covers_the_density() -> None:
    drawn = NoiseLevels().draw(64, np.random.default_rng(0)).numpy()
    assert drawn.min() < 200 and drawn.max() > 800
    assert drawn.max() < LEVELS
    assert np.mean((drawn > 400) & (drawn < 800)) > 0.5
