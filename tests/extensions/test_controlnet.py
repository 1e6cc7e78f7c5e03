"""ControlNets and T2I-Adapters against diffusers' pipelines on tiny random models."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    ControlNetModel,
    EulerDiscreteScheduler,
    StableDiffusionAdapterPipeline,
    StableDiffusionControlNetPipeline,
    StableDiffusionXLControlNetPipeline,
    StableDiffusionXLControlNetUnionPipeline,
    T2IAdapter,
    UNet2DConditionModel,
)
from diffusers.models.controlnets.controlnet_union import ControlNetUnionModel
from PIL import Image
from safetensors.torch import save_file

from tests.extensions.control import (
    COMPLETE,
    MAP_REF,
    MASK_REF,
    SEED,
    drawn,
    in_both_languages,
    module,
    picture,
    random_weights,
)
from tests.models.families.drawing import EULER, NEGATIVE, PROMPT, SCALE, STEPS, load, relative
from tests.tiny import Tiny, write_tiny
from webui.core.errors import UserError
from webui.core.memory import ModelUse
from webui.core.participants import ModelFile
from webui.core.plugins import Extensions
from webui.core.requests import Img2Img, Txt2Img
from webui.core.settings import Settings
from webui.models.families.sd1 import SD1
from webui.models.families.sdxl import SDXL

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def xl(tmp_path_factory) -> Tiny:
    return write_tiny(tmp_path_factory.mktemp("xl"), family="sdxl")


def write_control(
    tiny: Tiny, folder: Path, seed: int, kind: Any = ControlNetModel, **more: Any
) -> Any:
    unet = UNet2DConditionModel.from_pretrained(tiny.folder / "unet")
    network = kind.from_unet(unet, conditioning_embedding_out_channels=(8, 8, 8, 16), **more)
    random_weights(network, seed).save_pretrained(folder)
    return network


@pytest.fixture(scope="module")
def controls(tiny, tmp_path_factory) -> dict[str, ModelFile]:
    """Two ControlNets of the tiny model: one as a folder, one as a file."""
    root = tmp_path_factory.mktemp("controls")
    write_control(tiny, root / "one", 1)
    second = write_control(tiny, root / "two", 2)
    save_file(second.state_dict(), root / "two.safetensors")
    return {
        "one": ModelFile("one", root / "one", "diffusers", "sd1"),
        "two": ModelFile("two", root / "two.safetensors", "safetensors", "sd1", "0123456789"),
    }


def asked(*units: dict[str, Any], **fields: Any) -> Txt2Img:
    full = [{"image": MAP_REF, **unit} for unit in units]
    return Txt2Img.model_validate(
        {**COMPLETE, "extensions": {"controlnet": {"units": full}}, **fields}
    )


def theirs(kind: Any, folder: Path, **more: Any) -> torch.Tensor:
    pipe = kind.from_pretrained(folder, local_files_only=True, **more.pop("parts"))
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, **EULER)
    pipe.set_progress_bar_config(disable=True)
    return pipe(
        PROMPT,
        negative_prompt=NEGATIVE,
        num_inference_steps=STEPS,
        guidance_scale=SCALE,
        width=64,
        height=64,
        generator=torch.Generator("cpu").manual_seed(SEED),
        output_type="latent",
        **more,
    ).images


@torch.inference_mode()
def test_one_controlnet(tiny, controls):
    model = load(SD1(), tiny.folder_info)
    made, result = drawn(
        model, asked({"model": "one", "weight": 0.8}), controls, {MAP_REF: picture()}
    )
    network = ControlNetModel.from_pretrained(controls["one"].path)
    parts = {"controlnet": network}
    wanted = theirs(
        StableDiffusionControlNetPipeline,
        tiny.folder,
        parts=parts,
        image=picture(),
        controlnet_conditioning_scale=0.8,
    )
    assert relative(made, wanted) < 1e-5
    plain, _ = drawn(model, asked(), controls, {})
    assert relative(plain, wanted) > 1e-2, "it has a say"
    assert result.parameters.values["ControlNet 0"].startswith(
        "Module: none, Model: one, Weight: 0.8"
    )


@torch.inference_mode()
def test_two_at_once_from_a_folder_and_a_file(tiny, controls):
    model = load(SD1(), tiny.folder_info)
    units = ({"model": "one", "weight": 0.5}, {"model": "two", "weight": 1.2, "image": MASK_REF})
    pictures = {MAP_REF: picture(), MASK_REF: picture(9)}
    made, result = drawn(model, asked(*units), controls, pictures)
    networks = [ControlNetModel.from_pretrained(controls["one"].path)]
    networks += [ControlNetModel.from_pretrained(controls["two"].path.with_suffix(""))]
    wanted = theirs(
        StableDiffusionControlNetPipeline,
        tiny.folder,
        parts={"controlnet": networks},
        image=[picture(), picture(9)],
        controlnet_conditioning_scale=[0.5, 1.2],
    )
    assert relative(made, wanted) < 1e-5
    assert "Model: two [0123456789]" in result.parameters.values["ControlNet 1"]


@torch.inference_mode()
def test_sdxl(xl, tmp_path):
    model = load(SDXL(), xl.folder_info)
    network = write_control(xl, tmp_path / "one", 1)
    files = {"one": ModelFile("one", tmp_path / "one", "diffusers", "sdxl")}
    made, _ = drawn(model, asked({"model": "one"}), files, {MAP_REF: picture()})
    wanted = theirs(
        StableDiffusionXLControlNetPipeline,
        xl.folder,
        parts={"controlnet": network.eval()},
        image=picture(),
        controlnet_conditioning_scale=1.0,
    )
    assert relative(made, wanted) < 1e-5


@torch.inference_mode()
def test_a_union_is_told_the_kind_of_map(xl, tmp_path):
    model = load(SDXL(), xl.folder_info)
    unet = UNet2DConditionModel.from_pretrained(xl.folder / "unet")
    config = {
        name: value
        for name, value in unet.config.items()
        if name in inspect.signature(ControlNetUnionModel.__init__).parameters
    }
    network = ControlNetUnionModel(
        **{
            **config,
            "conditioning_embedding_out_channels": (8, 8, 8, 16),
            "num_control_type": 6,
            "num_trans_channel": 32,
            "num_trans_head": 8,
            "num_proj_channel": 32,
        }
    )
    random_weights(network, 4).save_pretrained(tmp_path / "union")
    files = {"union": ModelFile("union", tmp_path / "union", "diffusers", "sdxl")}
    made, _ = drawn(
        model, asked({"model": "union", "control_type": 3}), files, {MAP_REF: picture()}
    )
    wanted = theirs(
        StableDiffusionXLControlNetUnionPipeline,
        xl.folder,
        parts={"controlnet": network.eval()},
        control_image=[picture()],
        control_mode=[3],
        controlnet_conditioning_scale=1.0,
    )
    assert relative(made, wanted) < 1e-5
    other, _ = drawn(
        model, asked({"model": "union", "control_type": 2}), files, {MAP_REF: picture()}
    )
    assert relative(other, wanted) > 1e-3

    def by_itself(**unit: Any) -> torch.Tensor:
        return drawn(model, asked({"model": "union", **unit}), files, {MAP_REF: picture()})[0]

    lines = by_itself(preprocessor="invert")
    assert torch.equal(lines, by_itself(preprocessor="invert", control_type=3))
    assert relative(lines, by_itself(preprocessor="invert", control_type=2)) > 1e-3
    made_up = by_itself(preprocessor="inpaint", control_type=5)
    black = drawn(
        model,
        asked({"model": "union", "control_type": 5}),
        files,
        {MAP_REF: Image.new("RGB", (64, 64))},
    )
    assert torch.equal(made_up, black[0]), "a union learnt black for what is to be made up"
    for unknown in ({}, {"preprocessor": "inpaint"}, {"control_type": 6}):
        with pytest.raises(UserError, match="choose a kind of map under Finer"):
            by_itself(**unknown)


@torch.inference_mode()
def test_a_t2i_adapter(tiny, tmp_path):
    model = load(SD1(), tiny.folder_info)
    network = random_weights(T2IAdapter(channels=[32, 64], num_res_blocks=1), 5)
    network.save_pretrained(tmp_path / "sketch")
    save_file(network.state_dict(), tmp_path / "sketch.safetensors")
    files = {
        "sketch": ModelFile("sketch", tmp_path / "sketch", "diffusers", "sd1"),
        "file": ModelFile("file", tmp_path / "sketch.safetensors", "safetensors", "sd1"),
    }
    made, _ = drawn(model, asked({"model": "sketch", "weight": 0.7}), files, {MAP_REF: picture()})
    wanted = theirs(
        StableDiffusionAdapterPipeline,
        tiny.folder,
        parts={"adapter": network.eval()},
        image=picture(),
        adapter_conditioning_scale=0.7,
    )
    assert relative(made, wanted) < 1e-5
    again, _ = drawn(model, asked({"model": "file", "weight": 0.7}), files, {MAP_REF: picture()})
    assert torch.equal(made, again)


@torch.inference_mode()
def test_it_counts_between_start_and_end_only(tiny, controls):
    model = load(SD1(), tiny.folder_info)
    pictures = {MAP_REF: picture()}

    def latents(**unit: Any) -> torch.Tensor:
        return drawn(model, asked({"model": "one", **unit}), controls, pictures)[0]

    whole, plain = latents(), drawn(model, asked(), controls, {})[0]
    assert torch.equal(latents(start=0.0, end=1.0), whole)
    assert torch.equal(latents(enabled=False), plain)
    assert torch.equal(latents(weight=0.0), plain)
    early, late = latents(end=0.4), latents(start=0.5)
    for one in (early, late):
        assert relative(one, whole) > 1e-3 and relative(one, plain) > 1e-3
    assert torch.equal(latents(start=0.95), plain), "the last step begins at 0.9"


@torch.inference_mode()
def test_modes_and_masks(tiny, controls):
    model = load(SD1(), tiny.folder_info)
    left = Image.fromarray(np.repeat([[255] * 32 + [0] * 32], 64, axis=0).astype(np.uint8))
    pictures = {MAP_REF: picture(), MASK_REF: left, "white": Image.new("L", (64, 64), 255)}

    def latents(steps: int = STEPS, **unit: Any) -> torch.Tensor:
        return drawn(model, asked({"model": "one", **unit}, steps=steps), controls, pictures)[0]

    whole = latents()
    for mode in ("prompt", "control"):
        assert relative(latents(mode=mode), whole) > 1e-3
    assert relative(latents(mode="prompt"), latents(mode="control")) > 1e-3
    once, plain = latents(1, mask=MASK_REF), drawn(model, asked(steps=1), controls, {})[0]
    difference = (once - plain).abs().mean(dim=(0, 1, 2))
    assert difference[:3].mean() > difference[-2:].mean(), "it leads where the mask is white"


@torch.inference_mode()
def test_low_memory_and_a_second_job_are_the_same_to_the_bit(tiny, controls):
    model = load(SD1(), tiny.folder_info)
    pictures = {MAP_REF: picture()}
    first, _ = drawn(model, asked({"model": "one"}), controls, pictures)
    again, _ = drawn(model, asked({"model": "one", "low_memory": True}), controls, pictures)
    assert torch.equal(first, again)


@torch.inference_mode()
def test_image_to_image_is_led_by_its_own_picture(tiny, controls):
    model = load(SD1(), tiny.folder_info)
    units = {"controlnet": {"units": [{"model": "one", "preprocessor": "canny"}]}}
    request = Img2Img.model_validate({**COMPLETE, "image": MAP_REF, "extensions": units})
    made, result = drawn(model, request, controls, {MAP_REF: picture(size=128)})
    plain, _ = drawn(model, request.with_(extensions={}), controls, {MAP_REF: picture(size=128)})
    assert relative(made, plain) > 1e-3
    assert "Module: canny" in result.parameters.values["ControlNet 0"]


@torch.inference_mode()
def test_hires_has_the_map_at_both_sizes(tiny, controls):
    model = load(SD1(), tiny.folder_info)
    sizes: list[tuple[int, int]] = []
    fit = module("control").resized
    module("control").resized = lambda image, width, height, mode: (
        sizes.append((width, height)) or fit(image, width, height, mode)
    )
    try:
        request = asked({"model": "one"}, hires={"scale": 2, "steps": 2})
        drawn(model, request, controls, {MAP_REF: picture()})
    finally:
        module("control").resized = fit
    assert sizes == [(64, 64), (128, 128)]


@pytest.mark.parametrize(
    ("unit", "sentence"),
    [
        ({"model": "one", "start": 0.8, "end": 0.2}, "starts after its end"),
        ({"model": "one", "weight": 3}, "at most 2"),
        ({"model": "one", "image": "no picture"}, "must name a picture"),
        ({"model": "one", "strength": 1}, "no field strength"),
    ],
)
def test_units_that_do_not_fit_are_refused(unit, sentence):
    extensions = Extensions([ROOT / "extensions"], "server")
    assert extensions.problems_with({"controlnet": {"unit": [{"model": "one"}]}})
    (problem,) = extensions.problems_with({"controlnet": {"units": [unit]}})
    assert sentence in problem.message and "controlnet" in problem.message
    if "start" in unit:
        in_both_languages(problem)


def test_what_is_missing_is_said_before_the_job_waits():
    extensions = Extensions([ROOT / "extensions"], "server")
    with pytest.raises(UserError, match="controlnet: Unit 2 has no ControlNet") as raised:
        extensions.rewrite(asked({"model": "one"}, {}), Settings())
    in_both_languages(raised.value.problem)
    with pytest.raises(UserError, match="controlnet: Unit 1 has no picture") as raised:
        extensions.rewrite(asked({"model": "one", "image": None}), Settings())
    in_both_languages(raised.value.problem)
    with pytest.raises(UserError, match="controlnet: Unit 1 is a reference") as raised:
        extensions.rewrite(asked({"preprocessor": "reference_only"}), Settings())
    in_both_languages(raised.value.problem)
    off = asked({"image": None, "enabled": False})
    assert extensions.rewrite(off, Settings()) is off


@torch.inference_mode()
@pytest.mark.parametrize("change", ["family", "shape", "cut", "other", "lllite"])
def test_a_network_that_cannot_be_used_is_named(tiny, xl, controls, tmp_path, change):
    model = load(SD1(), tiny.folder_info)
    path = tmp_path / "bad.safetensors"
    if change == "family":
        write_control(xl, tmp_path / "xl", 1)
        path = tmp_path / "xl"
    elif change == "shape":
        save_file({"controlnet_cond_embedding.conv_in.weight": torch.zeros(8, 3, 3, 3)}, path)
    elif change == "cut":
        path.write_bytes(controls["two"].path.read_bytes()[:5000])
    else:
        name = "lllite_unet_x" if change == "lllite" else "something.weight"
        save_file({name: torch.zeros(1)}, path)
    files = {"bad": ModelFile("bad", path, "safetensors")}
    with pytest.raises(UserError, match=r"controlnet.*bad") as raised:
        drawn(model, asked({"model": "bad"}), files, {MAP_REF: picture()})
    in_both_languages(raised.value.problem)
    assert drawn(model, asked(), files, {})[0].isfinite().all(), "the model still works"


def test_both_sides_tell_the_same_networks():
    units = [
        {"model": "canny"},
        {"model": "depth", "low_memory": True},
        {"model": "off", "enabled": False},
        {},
    ]
    values = {"units": units}
    told = [
        Extensions([ROOT / "extensions"], side).models_of({}, {"controlnet": values})
        for side in ("server", "worker")
    ]
    assert told[0] == told[1]
    assert told[0] == [ModelUse("controlnet", "canny"), ModelUse("controlnet", "depth", True)]
