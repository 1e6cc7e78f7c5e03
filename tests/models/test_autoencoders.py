"""Autoencoders of newer families: scales, names and what noise draws."""

import pytest
import torch
from diffusers import AutoencoderKLQwenImage

from tests.tiny_flux2 import flux2_autoencoder, flux2_vae_layout
from tests.tiny_newer import wan_layout
from webui.models.autoencoders import (
    Flux2Autoencoder,
    QwenAutoencoder,
    flux2_vae_names,
    wan_names,
)


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


@pytest.fixture(scope="module")
def flux2() -> Flux2Autoencoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Flux2Autoencoder(flux2_autoencoder().eval().requires_grad_(False))


def test_latents_of_flux_2_are_normed_by_channel(flux2):
    pixels, noise = torch.rand(1, 3, 32, 48), torch.randn(1, 16, 2, 3)
    vae, norm = flux2.vae, flux2.vae.bn
    distribution = vae.encode(pixels * 2 - 1).latent_dist
    small = torch.nn.functional.pixel_shuffle(noise, 2)
    for given, own in (
        (None, distribution.mean),
        (noise, distribution.mean + distribution.std * small),
    ):
        four = torch.nn.functional.pixel_unshuffle(own, 2)
        wanted = torch.nn.functional.batch_norm(
            four, norm.running_mean, norm.running_var, eps=vae.config.batch_norm_eps
        )
        assert torch.allclose(flux2.encode(pixels, given), wanted, atol=1e-5)


def test_names_of_flux_2_are_turned_and_others_stay(flux2):
    own = flux2.vae.state_dict()
    turned = flux2_vae_names(flux2_vae_layout(own), flux2.vae)
    assert turned.keys() == own.keys()
    assert all(torch.equal(turned[name], own[name]) for name in own)
    assert flux2_vae_names(dict(own), flux2.vae).keys() == own.keys()
