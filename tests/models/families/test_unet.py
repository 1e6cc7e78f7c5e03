"""Networks that are given something of a picture, against diffusers' own pipelines."""

from __future__ import annotations

import itertools
import json
import shutil

import pytest
import torch
from diffusers import (
    LatentConsistencyModelPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionInstructPix2PixPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel

from tests.models.families.drawing import (
    LINSPACE,
    NEGATIVE,
    PROMPT,
    SCALE,
    drawn_by_diffusers,
    euler,
    load,
    noise,
    relative,
    same,
)
from tests.tiny import Tiny, write_tiny
from webui.core.errors import UserError
from webui.models.families import FAMILIES
from webui.models.families.sd1 import SD1
from webui.models.families.unet import DISTILLED_GUIDANCE
from webui.models.sigmas import SigmaTable

# diffusers' scheduler hands a tensor to numpy in a way that numpy 2 will give up
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

VARIANTS = {9: "inpaint", 8: "edit", 5: "depth"}


def picture(seed: int = 6) -> torch.Tensor:
    return torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def inpaint(tmp_path_factory) -> Tiny:
    return write_tiny(tmp_path_factory.mktemp("inpaint"), seed=7, in_channels=9)


@torch.inference_mode()
def test_inpainting_equals_the_pipeline_of_diffusers(inpaint):
    model = load(SD1(), inpaint.folder_info)
    assert (model.image_conditioning, model.latent.channels) == ("inpaint", 4)
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 16:48, 24:] = 1
    masked = model.encode(picture() * (mask < 0.5) + 0.5 * (mask >= 0.5))
    concat = torch.cat([mask[..., ::8, ::8], masked], dim=1).repeat(2, 1, 1, 1)
    wanted = drawn_by_diffusers(
        StableDiffusionInpaintPipeline,
        inpaint.folder,
        image=picture(),
        mask_image=mask,
        masked_image_latents=masked,
    )
    assert relative(euler(model, concat=concat), wanted) < 1e-5
    assert relative(euler(model), wanted) > 1e-3


@torch.inference_mode()
def test_without_a_picture_an_inpainting_model_repaints_everything(inpaint):
    model = load(SD1(), inpaint.folder_info)
    words = model.encode_texts(["a", "b"])
    for x in (noise(2), noise(2, 16), noise(2)):
        side = x.shape[2]
        gray = model.encode(torch.full((1, 3, 8 * side, 8 * side), 0.5)).repeat(2, 1, 1, 1)
        concat = torch.cat([torch.ones(2, 1, side, side), gray], dim=1)
        made = model.predict_x0(x, 2.0, words)
        assert torch.equal(made, model.predict_x0(x, 2.0, words, concat=concat))


@torch.inference_mode()
def test_editing_equals_the_pipeline_of_diffusers(tmp_path):
    tiny = write_tiny(tmp_path, seed=8, in_channels=8)
    model = load(SD1(), tiny.folder_info)
    assert (model.image_conditioning, model.latent.channels) == ("edit", 4)
    wanted = drawn_by_diffusers(
        StableDiffusionInstructPix2PixPipeline,
        tiny.folder,
        image=picture(),
        image_guidance_scale=1.5,
    )
    latents = model.encode(picture()) / model.latent.scale
    concat = torch.cat([latents, latents, latents * 0])
    words = model.encode_texts([PROMPT]) + model.encode_texts([NEGATIVE]) * 2
    levels = SigmaTable(model.sigmas).t_to_sigma(LINSPACE).tolist()
    x = noise() * levels[0]
    for sigma, following in itertools.pairwise([*levels, 0.0]):
        rows = model.predict_x0(x.repeat(3, 1, 1, 1), sigma, words, concat=concat)
        both, image, nothing = rows.chunk(3)
        denoised = nothing + SCALE * (both - image) + 1.5 * (image - nothing)
        x = denoised + (x - denoised) * (following / sigma)
    assert relative(x, wanted) < 1e-5
    empty = model.predict_x0(noise(), 2.0, words[:1])
    assert torch.equal(empty, model.predict_x0(noise(), 2.0, words[:1], concat=latents * 0))


@pytest.mark.parametrize(
    ("family", "channels"), [("sd1", 5), ("sd2", 9), ("sd2", 5), ("sdxl", 9), ("sdxl", 8)]
)
@torch.inference_mode()
def test_every_family_takes_what_its_network_takes(tmp_path, family, channels):
    """From a folder and from a single file with configs that are for text to image."""
    tiny = write_tiny(tmp_path, seed=9, family=family, in_channels=channels)
    kind = type(FAMILIES[family])
    model = load(kind(), tiny.folder_info)
    assert model.image_conditioning == VARIANTS[channels]
    told = tiny.folder / "unet" / "config.json"
    text = told.read_text()
    told.write_text(text.replace(f'"in_channels": {channels}', '"in_channels": 4'))
    assert told.read_text() != text
    same(model, load(kind(tiny.folder), tiny.file_info))

    words, sigma = model.encode_texts([PROMPT]), float(model.sigmas[300])
    concat = torch.rand(1, channels - 4, 8, 8)
    given = torch.cat([noise() / (sigma**2 + 1) ** 0.5, concat], dim=1)
    more = model.conditions(noise(), words)
    output = model.unet(given, 300, words[0].tokens[None], **more).sample
    made = model.predict_x0(noise(), sigma, words, concat=concat)
    assert relative(made, noise() - sigma * output) < 1e-5


@torch.inference_mode()
def test_a_consistency_model_is_told_the_guidance_it_was_distilled_with(tiny, tmp_path):
    folder = shutil.copytree(tiny.folder, tmp_path / "lcm")
    config = json.loads((folder / "unet" / "config.json").read_text())
    unet = UNet2DConditionModel.from_config({**config, "time_cond_proj_dim": 16})
    unet.save_pretrained(folder / "unet")
    model = load(SD1(), tiny.folder_info.model_copy(update={"path": str(folder)}))
    words, sigma = model.encode_texts([PROMPT]), float(model.sigmas[300])
    pipe = LatentConsistencyModelPipeline.get_guidance_scale_embedding
    told = pipe(None, torch.tensor([DISTILLED_GUIDANCE - 1]), 16)
    x = noise() / (sigma**2 + 1) ** 0.5
    output = model.unet(x, 300, words[0].tokens[None], timestep_cond=told).sample
    made = model.predict_x0(noise(), sigma, words)
    assert relative(made, noise() - sigma * output) < 1e-5
    silent = model.unet(x, 300, words[0].tokens[None]).sample
    assert relative(silent, output) > 1e-3


@pytest.mark.parametrize(
    ("changes", "part"),
    [({"in_channels": 6}, "unet"), ({"hidden_size": 64}, "text_encoder")],
)
def test_parts_that_do_not_fit_together(tiny, tmp_path, changes, part):
    folder = shutil.copytree(tiny.folder, tmp_path / "mixed")
    config = json.loads((folder / part / "config.json").read_text()) | changes
    kind = UNet2DConditionModel if part == "unet" else CLIPTextModel
    made = kind.from_config(config) if part == "unet" else kind(CLIPTextConfig(**config))
    made.save_pretrained(folder / part)
    with pytest.raises(UserError, match=r"mixed/unet/config\.json is damaged"):
        load(SD1(), tiny.folder_info.model_copy(update={"path": str(folder)}))


@torch.inference_mode()
def test_a_model_without_image_conditioning_is_given_none(tiny):
    model = load(SD1(), tiny.folder_info)
    words = model.encode_texts(["a"])
    made = model.predict_x0(noise(), 2.0, words, concat=torch.ones(1, 5, 8, 8))
    assert torch.equal(made, model.predict_x0(noise(), 2.0, words))


@torch.inference_mode()
@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_weights_that_are_no_numbers_are_an_error_not_a_picture(tiny, part):
    model = load(SD1(), tiny.folder_info)
    network = {
        "unet": model.unet,
        "vae": model.autoencoder.vae.decoder,
        "text_encoder": model.encoders[0].model,
    }[part]
    next(network.parameters()).fill_(torch.nan)
    with pytest.raises(UserError, match="numbers that are no picture"):
        model.decode(euler(model))
