"""Autoencoders of newer families: scales, names and what noise draws."""

import pytest
import torch
from diffusers import AutoencoderKLQwenImage

from tests.tiny_newer import wan_layout
from webui.models.autoencoders import QwenAutoencoder, wan_names


@pytest.fixture(scope="module")
def qwen() -> QwenAutoencoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = AutoencoderKLQwenImage(base_dim=8).eval().requires_grad_(False)
    return QwenAutoencoder(vae)


def test_noise_draws_latents_around_the_mean(qwen):
    pixels, noise = torch.rand(1, 3, 32, 32), torch.randn(1, 16, 4, 4)
    mean, drawn = qwen.encode(pixels), qwen.encode(pixels, noise)
    deviation = qwen.vae.encode(pixels[:, :, None] * 2 - 1).latent_dist.std[:, :, 0]
    own = torch.tensor(qwen.vae.config["latents_std"]).view(1, -1, 1, 1)
    assert torch.allclose(drawn - mean, deviation * noise / own, atol=1e-5)


def test_names_of_wan_are_turned_and_others_stay(qwen):
    own = qwen.vae.state_dict()
    turned = wan_names(wan_layout(own), qwen.vae)
    assert turned.keys() == own.keys()
    assert all(torch.equal(turned[name], own[name]) for name in own)
    assert wan_names(dict(own), qwen.vae).keys() == own.keys()
