"""What a network is shown, and in which pass: pictures of any kind, those of the request itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from PIL import Image

from tests.extensions.control import (
    COMPLETE,
    MAP_REF,
    MASK_REF,
    drawn,
    module,
    picture,
    random_weights,
    services,
)
from tests.models.families.drawing import load, relative
from webui.core.participants import JobView, ModelFile
from webui.core.requests import Inpaint, Txt2Img
from webui.models.families.sd1 import SD1

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def files(tiny, tmp_path_factory) -> dict[str, ModelFile]:
    folder = tmp_path_factory.mktemp("controls") / "one"
    unet = UNet2DConditionModel.from_pretrained(tiny.folder / "unet")
    network = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(8, 8, 8, 16))
    random_weights(network, 1).save_pretrained(folder)
    return {"one": ModelFile("one", folder, "diffusers", "sd1")}


def asked(*units: dict[str, Any], kind: Any = Txt2Img, **fields: Any) -> Any:
    values = {"controlnet": {"units": [{"model": "one", **unit} for unit in units]}}
    return kind.model_validate({**COMPLETE, "steps": 2, "extensions": values, **fields})


@torch.inference_mode()
@pytest.mark.parametrize("scale", [1.5, 1])
def test_a_unit_counts_in_the_passes_that_it_says(tiny, files, scale):
    model = load(SD1(), tiny.folder_info)
    hires = {"scale": scale, "steps": 2}

    def latents(*passes: str) -> torch.Tensor:
        units = [{"image": MAP_REF, "passes": one} for one in passes]
        return drawn(model, asked(*units, hires=hires), files, {MAP_REF: picture()})[0]

    both, first, second, none = latents("both"), latents("first"), latents("second"), latents()
    assert torch.equal(latents("first", "second"), both)
    for one, other in ((first, both), (second, both), (first, none), (second, none)):
        assert relative(one, other) > 1e-3


@torch.inference_mode()
def test_without_a_second_pass_all_units_count_in_the_only_one(tiny, files):
    model = load(SD1(), tiny.folder_info)
    made = [
        drawn(model, asked({"image": MAP_REF, "passes": one}), files, {MAP_REF: picture()})[0]
        for one in ("both", "first", "second")
    ]
    assert torch.equal(made[0], made[1]) and torch.equal(made[0], made[2])


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "I;16"])
@pytest.mark.parametrize("fit", ["just_resize", "crop", "fill"])
def test_a_map_of_another_size_or_mode_is_made_to_fit(files, mode: str, fit: str):
    values = np.random.default_rng(1).integers(0, 255, (37, 91), np.uint8)
    deep = mode == "I;16"
    shown = Image.fromarray(values.astype(np.uint16) * 257 if deep else values)
    shown = shown if deep else shown.convert("RGB").convert(mode)
    unit = module("units").Unit(image=MAP_REF, model="one", resize_mode=fit)
    job = JobView("job", asked(), {}, services(files, {MAP_REF: shown}))
    pixels = module("control")._One(job, 0, unit)._pixels(64, 96)
    assert pixels.shape == (1, 3, 96, 64)
    assert pixels.min() >= 0 and 0.5 < pixels.max() <= 1


@torch.inference_mode()
def test_inpainting_shows_its_own_picture_and_what_is_to_be_made_up(tiny, files):
    model = load(SD1(), tiny.folder_info)
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 32, 64))
    pictures = {MAP_REF: picture(), MASK_REF: mask}
    request = asked({"preprocessor": "inpaint"}, kind=Inpaint, image=MAP_REF, mask=MASK_REF)
    unit = module("units").Unit(model="one", preprocessor="inpaint")
    job = JobView("job", request, {}, services(files, pictures))
    pixels = module("control")._One(job, 0, unit)._pixels(64, 64)
    assert (pixels[..., :32] == -1).all() and (pixels[..., 32:] >= 0).all()
    made = drawn(model, request, files, pictures)[0]
    plain = drawn(model, request.with_(extensions={}), files, pictures)[0]
    assert relative(made, plain) > 1e-3


def test_what_is_clear_is_white_whatever_colour_hides_there(files):
    shown = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    shown.paste((200, 10, 10, 255), (16, 16, 48, 48))
    white = Image.new("RGB", (64, 64), "white")
    white.paste((200, 10, 10), (16, 16, 48, 48))
    for preprocessor in ("none", "canny"):
        unit = module("units").Unit(image=MAP_REF, model="one", preprocessor=preprocessor)
        clear, plain = (
            module("control")
            ._One(JobView("job", asked(), {}, services(files, {MAP_REF: one})), 0, unit)
            ._pixels(64, 64)
            for one in (shown, white)
        )
        assert torch.equal(clear, plain)
        assert clear.max() == 1


LEADS_REF = f"sha256:{'d' * 64}"


def quarters() -> Image.Image:
    """Red, green, blue and white quarters."""
    shown = Image.new("RGB", (64, 64), "white")
    for colour, corner in (("red", (0, 0)), ("lime", (32, 0)), ("blue", (0, 32))):
        shown.paste(colour, (*corner, corner[0] + 32, corner[1] + 32))
    return shown


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("preprocessor", ["none", "invert", "inpaint"])
def test_where_a_part_alone_is_drawn_the_map_is_of_that_part(
    tiny, files, monkeypatch, own: bool, preprocessor: str
):
    kind = module("control")._One
    pixels, masks = [], []
    made, masked = kind._pixels, kind._mask_like
    monkeypatch.setattr(kind, "_pixels", lambda *given: pixels.append(made(*given)) or pixels[-1])
    monkeypatch.setattr(
        kind, "_mask_like", lambda *given: masks.append(masked(*given)) or masks[-1]
    )
    mask, leads = Image.new("L", (64, 64)), Image.new("L", (64, 64))
    mask.paste(255, (32, 0, 64, 32))  # the green quarter
    leads.paste(255, (32, 0, 48, 64))  # of it the left half
    pictures = {MAP_REF: quarters(), MASK_REF: mask, LEADS_REF: leads}
    unit = {"preprocessor": preprocessor, "mask": LEADS_REF, "image": MAP_REF if own else None}
    request = asked(
        {name: one for name, one in unit.items() if one},
        **{"kind": Inpaint, "image": MAP_REF, "mask": MASK_REF, "area": "masked"},
        **{"padding": 0, "mask_blur": 0, "content": "fill"},
    )
    drawn(load(SD1(), tiny.folder_info), request, files, pictures)
    (shown,) = pixels
    inside = shown[0, :, 20:44, 4:28] if preprocessor == "inpaint" else shown[0, :, 20:44, 20:44]
    green = {"none": (0, 1, 0), "invert": (1, 0, 1), "inpaint": (-1, -1, -1)}[preprocessor]
    assert torch.allclose(inside.mean(dim=(1, 2)), torch.tensor(green, dtype=torch.float32))
    if preprocessor == "inpaint":  # where the unit leads, and there alone
        assert torch.equal(shown[0, :, 20:44, 36:60].mean(dim=(1, 2)), torch.tensor([0.0, 1, 0]))
    width = masks[0].shape[-1]
    assert masks[0][..., : width // 4].min() > 0.99 and masks[0][..., -width // 4 :].max() < 0.01
