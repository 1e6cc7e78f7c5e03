"""What all flow models share: sizes, levels, the shift of a card."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.models.families.drawing import load
from tests.tiny_flows import info_of, write_sd3
from webui.library.cards import CARDS
from webui.models.families.sd3 import SD3
from webui.models.family import Model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sd3(tmp_path_factory.mktemp("sd3") / "tiny")


@pytest.fixture(scope="module")
def model(folder) -> Model:
    return load(SD3(), info_of(folder, "sd3"))


def test_sides_that_are_no_whole_tokens_are_filled_up(model):
    words = model.encode_texts(["a red apple"])
    x = torch.randn(1, 16, 7, 5)
    made = model.predict_x0(x, 0.5, words)
    filled = torch.nn.functional.pad(x, (0, 1, 0, 1), mode="replicate")
    assert torch.equal(made, model.predict_x0(filled, 0.5, words)[..., :7, :5])


def test_without_noise_the_prediction_is_the_picture(model):
    x = torch.randn(1, 16, 8, 8)
    assert torch.allclose(model.predict_x0(x, 1e-6, model.encode_texts(["a"])), x, atol=1e-4)


def test_a_picture_does_not_depend_on_the_others(model):
    x = torch.randn(2, 16, 8, 8)
    words = model.encode_texts(["a red apple", "blue"])
    together = model.predict_x0(x, 0.5, words)
    alone = [model.predict_x0(x[i : i + 1], 0.5, words[i : i + 1]) for i in range(2)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


def test_a_card_may_shift_the_levels(folder, model):
    shifted = load(SD3(), info_of(folder, "sd3", shift=6.0))
    assert model.noise_levels(8, 8).shift == 3 and shifted.noise_levels(8, 8).shift == 6
    assert torch.equal(model.sigmas, model.noise_levels(8, 8).sigmas)


def test_latents_are_shifted_and_scaled(model):
    pixels = torch.rand(1, 3, 64, 64)
    vae = model.autoencoder.vae
    wanted = (vae.encode(pixels * 2 - 1).latent_dist.mean - 0.0609) * 1.5305
    assert torch.allclose(model.encode(pixels), wanted, atol=1e-5)
    decoded = vae.decode(wanted / 1.5305 + 0.0609).sample / 2 + 0.5
    assert torch.allclose(model.decode(wanted), decoded.clamp(0, 1), atol=1e-5)


def test_previews_are_in_the_colours_of_its_own_autoencoder(folder, model):
    assert model.latent.preview == CARDS["sd3"].preview
    info = info_of(folder, "sd3")
    other = info.card.model_copy(update={"preview": CARDS["sdxl"].preview})
    assert load(SD3(), info.model_copy(update={"card": other})).latent.preview is None
