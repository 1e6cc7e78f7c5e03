"""Every kind of request with models that are rectified flows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.models.families.drawing import load
from tests.tiny_flows import info_of, write_flux, write_sd3
from tests.tiny_newer import write_chroma
from webui.core.offers import ModelInfo
from webui.core.requests import Hires, Img2Img, Inpaint, SoftInpaint, Txt2Img
from webui.engine.flows import noise_levels
from webui.engine.recipes import RECIPES, Tools, batches
from webui.library.recognition import recognise_folder
from webui.models.families.chroma import Chroma
from webui.models.families.flux import Flux
from webui.models.families.sd3 import SD3
from webui.models.family import Model
from webui.models.manager import ModelManager

REF: Any = "sha256:" + "0" * 64
FIELDS: dict[str, Any] = {
    "prompt": "a red apple",
    "negative_prompt": "blue",
    "width": 64,
    "height": 64,
    "steps": 3,
    "cfg_scale": 4.0,
    "sampler": "Euler",
    "schedule": "Simple",
    "seed": 1,
    "noise_source": "cpu",
}


@pytest.fixture(scope="module")
def sd3(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = write_sd3(tmp_path_factory.mktemp("sd3") / "tiny")
    return load(SD3(), info_of(folder, "sd3"))


def flux(folder: Path, variant: str | None = None, **transformer: Any) -> Model:
    return load(Flux(), info_of(write_flux(folder, **transformer), "flux", variant))


def picture() -> Image.Image:
    gradient = np.linspace(0, 255, 64, dtype=np.uint8)
    return Image.fromarray(np.stack([np.tile(gradient, (64, 1))] * 3, axis=-1))


def mask() -> Image.Image:
    levels = np.zeros((64, 64), np.uint8)
    levels[:, 32:] = 255
    return Image.fromarray(levels)


def drawn(request: Any, model: Model) -> np.ndarray:
    tools = Tools(model=lambda name: model, picture=lambda ref: picture(), mask=lambda ref: mask())
    (batch,) = batches(request)
    (made,) = RECIPES[request.kind](request, batch, tools)
    return np.asarray(made.image).astype(float)


def changed(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first - second).mean())


def test_a_second_pass_knows_the_size_it_has(sd3):
    request = Txt2Img(**FIELDS, hires=Hires(scale=1.5, strength=0.6, upscaler="Latent", steps=3))
    assert drawn(request, sd3).shape == (96, 96, 3)


def test_a_shift_takes_the_place_of_the_models_own(sd3):
    own, given = sd3.noise_levels(8, 8).shift, 1.5
    assert own != given
    request = Txt2Img(**FIELDS)
    usual = drawn(request, sd3)
    assert changed(usual, drawn(request.with_(shift=own), sd3)) == 0
    assert changed(usual, drawn(request.with_(shift=given), sd3)) > 0
    over = Img2Img(**FIELDS, image=REF, strength=0.6)
    assert changed(drawn(over, sd3), drawn(over.with_(shift=given), sd3)) > 0
    twice = request.with_(hires=Hires(scale=1.5, strength=0.6, steps=3))
    assert changed(drawn(twice, sd3), drawn(twice.with_(shift=given), sd3)) > 0


def test_the_levels_of_a_shift(sd3):
    """Esser et al., equation 23: sigma = s * u / (1 + (s - 1) * u)."""
    levels = noise_levels(sd3, 3.5, 8, 8)
    assert float(levels.sigmas[499]) == pytest.approx(3.5 * 0.5 / (1 + 2.5 * 0.5))
    assert torch.equal(noise_levels(sd3, None, 8, 8).sigmas, sd3.noise_levels(8, 8).sigmas)


@pytest.mark.parametrize("sampler", ["Euler", "Euler a", "DPM++ 2M", "DPM++ 2M SDE", "DDIM"])
def test_the_less_strength_the_more_a_picture_stays(sd3, sampler):
    fields = {**FIELDS, "sampler": sampler, "image": REF, "steps": 10}
    weak, strong = (drawn(Img2Img(**fields, strength=share), sd3) for share in (0.15, 0.95))
    through_the_autoencoder = drawn(Img2Img(**fields, strength=0.0), sd3)
    assert changed(weak, through_the_autoencoder) < changed(strong, through_the_autoencoder)


@pytest.mark.parametrize("soft", [None, SoftInpaint()])
@pytest.mark.parametrize("sampler", ["Euler", "DDIM", "DPM++ 2M"])
def test_what_is_not_masked_stays(sd3, soft, sampler):
    fields = {**FIELDS, "sampler": sampler, "image": REF, "mask": REF}
    made = drawn(Inpaint(**fields, strength=0.9, mask_blur=0, soft=soft), sd3)
    before = np.asarray(picture()).astype(float)
    assert np.isfinite(made).all()
    assert changed(made[:, :24], before[:, :24]) < 1.0
    assert changed(made[:, 40:], before[:, 40:]) > 1.0


def test_fill_and_kontext_are_shown_the_picture(tmp_path):
    fill = flux(tmp_path / "fill", "inpaint", in_channels=384)
    fields = {**FIELDS, "image": REF, "strength": 1.0}
    made = drawn(Inpaint(**fields, mask=REF, mask_blur=0), fill)
    assert changed(made[:, :24], np.asarray(picture())[:, :24].astype(float)) < 1.0
    kontext = flux(tmp_path / "kontext", "edit")
    edited = drawn(Img2Img(**fields), kontext)
    assert edited.shape == (64, 64, 3)
    plain = drawn(Img2Img(**fields), flux(tmp_path / "plain"))
    assert changed(edited, plain) > 0.01


@pytest.mark.parametrize("write", [write_sd3, write_flux])
def test_what_is_recognised_is_loaded_and_draws(tmp_path, write):
    folder = write(tmp_path / "tiny")
    kind = recognise_folder(folder)
    info = ModelInfo(
        id="tiny",
        path=str(folder),
        format="diffusers",
        family=kind.family,
        variant=kind.variant,
        card=kind.card,
    )
    shares: list[float] = []
    model = ModelManager(torch.device("cpu")).get(
        info, lambda done, total: shares.append(done / total)
    )
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert np.ptp(drawn(Txt2Img(**FIELDS), model)) > 0  # pyright: ignore[reportArgumentType]


@pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning")
def test_chroma_draws_over_pictures(tmp_path):
    model = load(Chroma(), info_of(write_chroma(tmp_path / "chroma"), "chroma"))
    before, fields = np.asarray(picture()).astype(float), {**FIELDS, "image": REF}
    made = drawn(Inpaint(**fields, mask=REF, strength=0.9, mask_blur=0), model)
    assert changed(made[:, :24], before[:, :24]) < 1.0
    assert changed(made[:, 40:], before[:, 40:]) > 1.0
    weak, strong = (drawn(Img2Img(**fields, strength=share), model) for share in (0.0, 0.95))
    assert changed(weak, strong) > 0.01
