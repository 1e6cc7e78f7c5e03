"""Image to image and inpainting against diffusers' pipelines on a tiny random model.

The settings do not mean the same everywhere; these tests stand where they do:
* diffusers makes int(steps * strength) steps, A1111 and we one more;
* diffusers draws latents from the autoencoder's distribution, we take the mean (here both are
  given the same latents);
* of a strength of 1 diffusers begins with noise alone, A1111 and we keep a trace of the picture;
* with 9 channels diffusers puts nothing back on the way, A1111 and we do (here all is masked);
* diffusers' mask of the latents is every eighth pixel of the mask, ours an average (here it is
  made of whole latent pixels); with stochastic samplers it noises the picture anew on every step.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import (
    EulerDiscreteScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
)
from PIL import Image

from tests.engine.recipes.pictures import Album, rectangle
from tests.models.families.drawing import (
    EULER,
    NEGATIVE,
    PROMPT,
    SCALE,
    STEPS,
    load,
    relative,
)
from tests.tiny import write_tiny
from webui.core.requests import Img2Img, Inpaint
from webui.engine.latents import to_images, to_pixels
from webui.engine.recipes import RECIPES, Tools, batches
from webui.models.families.sd1 import SD1

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

OURS, THEIRS = 0.6, 0.7  # strengths of seven steps of ten
SEED = 11
COMPLETE = {
    "prompt": PROMPT, "negative_prompt": NEGATIVE, "sampler": "Euler", "schedule": "Automatic",
    "steps": STEPS, "cfg_scale": SCALE, "width": 64, "height": 64, "seed": SEED,
    "variation_seed": 0, "noise_source": "cpu", "strength": OURS,
}  # fmt: skip


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    smooth = np.random.default_rng(2).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(smooth).resize((64, 64))


def ours(model, kind, picture, **fields) -> tuple[Image.Image, list[torch.Tensor]]:
    """The picture drawn, and the latents that were decoded."""
    album, decoded = Album(), []
    refs = {"image": album.add(picture)}
    if "mask" in fields:
        refs["mask"] = album.add(fields.pop("mask"))
    decode = model.decode
    model.decode = lambda latents: decoded.append(latents) or decode(latents)
    request = kind.model_validate({**COMPLETE, **refs, **fields})
    tools = Tools(model=lambda name: model, picture=album.get, mask=album.mask)
    (batch,) = batches(request)
    (drawn,) = RECIPES[request.kind](request, batch, tools)
    return drawn.image, decoded


def theirs(kind, folder, latents, **more) -> torch.Tensor:
    pipe = kind.from_pretrained(folder, local_files_only=True)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, **EULER)
    pipe.set_progress_bar_config(disable=True)
    return pipe(
        PROMPT,
        negative_prompt=NEGATIVE,
        image=latents,
        strength=THEIRS,
        num_inference_steps=STEPS,
        guidance_scale=SCALE,
        generator=torch.Generator("cpu").manual_seed(SEED),
        output_type="latent",
        **more,
    ).images


@torch.inference_mode()
def test_image_to_image(tiny, picture):
    model = load(SD1(), tiny.folder_info)
    latents = model.encode(to_pixels([picture]))
    image, (made,) = ours(model, Img2Img, picture)
    wanted = theirs(StableDiffusionImg2ImgPipeline, tiny.folder, latents)
    assert relative(made, wanted) < 1e-5
    (again,) = to_images(model.decode(wanted))
    assert np.abs(np.asarray(image, np.int16) - np.asarray(again)).max() <= 1
    _, (other,) = ours(model, Img2Img, picture, strength=OURS - 0.1)
    assert relative(other, wanted) > 1e-2, "the comparison would notice a mistake"


@torch.inference_mode()
def test_inpainting_with_an_ordinary_checkpoint(tiny, picture):
    model = load(SD1(), tiny.folder_info)
    latents = model.encode(to_pixels([picture]))
    mask = rectangle(64, 64, 16, 8, 48, 56)
    _, (made,) = ours(model, Inpaint, picture, mask=mask, mask_blur=0)
    wanted = theirs(
        StableDiffusionInpaintPipeline,
        tiny.folder,
        latents,
        mask_image=to_pixels([mask.convert("RGB")])[:, :1],
        masked_image_latents=latents,
    )
    assert relative(made, wanted) < 1e-5
    assert torch.equal(made[..., :, :2], latents[..., :, :2])


@torch.inference_mode()
def test_inpainting_with_an_inpainting_checkpoint(tmp_path, picture):
    tiny = write_tiny(tmp_path, seed=7, in_channels=9)
    model = load(SD1(), tiny.folder_info)
    latents = model.encode(to_pixels([picture]))
    mask = Image.new("L", (64, 64), 255)
    _, (made,) = ours(model, Inpaint, picture, mask=mask, mask_blur=0)
    wanted = theirs(
        StableDiffusionInpaintPipeline,
        tiny.folder,
        latents,
        mask_image=torch.ones(1, 1, 64, 64),
        masked_image_latents=model.encode(torch.full((1, 3, 64, 64), 0.5)),
    )
    assert relative(made, wanted) < 1e-5
