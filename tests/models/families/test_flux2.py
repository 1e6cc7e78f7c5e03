"""Flux.2 gives what diffusers' pipelines of it give."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Pipeline,
    Flux2Transformer2DModel,
)
from diffusers.pipelines.flux2.image_processor import Flux2ImageProcessor
from PIL import Image
from transformers import Mistral3ForConditionalGeneration

from tests.models.adapters.makers import rand, same, write
from tests.models.families.drawing import load, relative
from tests.models.families.flowing import PROMPT, STEPS, flow_noise, straight
from tests.tiny_flows import info_of
from tests.tiny_flux2 import CHANNELS, READ, flux2_layout, write_flux2, write_parts_of_klein
from tests.tiny_languages import mistral_tokenizer
from tests.tiny_newer import weights_of
from webui.core.errors import UserError
from webui.engine.latents import to_pixels
from webui.library.recognition import recognise_file, recognise_folder
from webui.models.adapters.patches import Joined
from webui.models.adapters.reading import read_adapter
from webui.models.families.flux2 import KLEIN, Flux2
from webui.models.family import Referring


@pytest.fixture(scope="module")
def klein(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_flux2(tmp_path_factory.mktemp("klein") / "tiny-base")


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_flux2(tmp_path_factory.mktemp("dev") / "tiny", dev=True)


def noise(size: tuple[int, int]) -> torch.Tensor:
    return flow_noise(CHANNELS, *size)


def by_diffusers(pipe: Any, size: tuple[int, int], scale: float, **more: Any) -> torch.Tensor:
    height, width = size
    pipe.set_progress_bar_config(disable=True)
    return pipe(
        prompt=PROMPT,
        num_inference_steps=STEPS,
        guidance_scale=scale,
        latents=noise(size),
        height=height * 16,
        width=width * 16,
        output_type="latent",
        **more,
    ).images


def by_klein(folder: Path, size: tuple[int, int], scale: float, **more: Any) -> torch.Tensor:
    pipe = Flux2KleinPipeline.from_pretrained(folder, local_files_only=True)
    latents = torch.nn.functional.pixel_unshuffle(by_diffusers(pipe, size, scale, **more), 2)
    norm = pipe.vae.bn
    mean, variance = (one.view(1, -1, 1, 1) for one in (norm.running_mean, norm.running_var))
    return (latents - mean) / (variance + pipe.vae.config.batch_norm_eps).sqrt()


@pytest.mark.parametrize(("size", "scale"), [((4, 4), 4.0), ((6, 3), 1.0)])
def test_klein_draws_what_diffusers_draws(klein, size, scale):
    kind = recognise_folder(klein)
    assert (kind.family, kind.variant, kind.card.steps) == ("flux2", None, 50)
    model = load(Flux2(), info_of(klein, "flux2", distilled=False))
    wanted = by_klein(klein, size, scale)
    made = straight(model, size=size, scale=scale, negative="")
    assert relative(made, wanted) < 1e-5
    assert relative(straight(model, "blue", size=size, scale=scale), wanted) > 1e-4


def test_it_is_shown_a_picture(klein):
    model = load(Flux2(), info_of(klein, "flux2", distilled=False))
    assert model.image_conditioning == "reference"
    shown = Image.effect_noise((96, 64), 80).convert("RGB")
    wanted = by_klein(klein, (4, 4), 1.0, image=shown)
    made = straight(model, size=(4, 4), scale=1.0, concat=model.encode(to_pixels([shown])))
    assert relative(made, wanted) < 1e-5
    assert relative(straight(model, size=(4, 4), scale=1.0), wanted) > 1e-4


def test_it_is_shown_several_pictures_each_in_its_own_size(klein):
    model = load(Flux2(), info_of(klein, "flux2", distilled=False))
    assert isinstance(model, Referring) and model.called == "image"
    pictures = [Image.effect_noise(size, 80).convert("RGB") for size in ((100, 70), (64, 96))]
    wanted = by_klein(klein, (4, 4), 1.0, image=pictures)
    fitted = [model.fitted(one) for one in pictures]
    assert [one.size for one in fitted] == [(96, 64), (64, 96)]
    shown = tuple(model.encode(to_pixels([one])) for one in fitted)
    assert relative(straight(model, size=(4, 4), scale=1.0, concat=shown), wanted) < 1e-5
    for other in (shown[:1], shown[::-1]):
        assert relative(straight(model, size=(4, 4), scale=1.0, concat=other), wanted) > 1e-4
    large = Image.new("RGB", (3000, 1500))
    smaller = Flux2ImageProcessor._resize_to_target_area(large, 1024 * 1024)
    assert model.fitted(large).size == tuple(side // 16 * 16 for side in smaller.size)


@pytest.mark.parametrize("scale", [4.0, 1.5])
def test_dev_draws_what_diffusers_draws(dev, scale):
    kind = recognise_folder(dev)
    assert (kind.family, kind.card.distilled) == ("flux2", True)
    pipe = Flux2Pipeline(
        FlowMatchEulerDiscreteScheduler.from_pretrained(dev / "scheduler"),
        AutoencoderKLFlux2.from_pretrained(dev / "vae"),
        Mistral3ForConditionalGeneration.from_pretrained(dev / "text_encoder"),
        mistral_tokenizer(),
        Flux2Transformer2DModel.from_pretrained(dev / "transformer"),
    )
    wanted = by_diffusers(pipe, (4, 4), scale).transpose(1, 2).unflatten(2, (4, 4))
    model = load(Flux2(), info_of(dev, "flux2"))
    assert relative(straight(model, size=(4, 4), scale=scale), wanted) < 1e-5
    assert relative(straight(model, size=(4, 4), scale=scale + 1), wanted) > 1e-4


def test_pixels_and_latents_are_those_of_its_autoencoder(klein):
    model = load(Flux2(), info_of(klein, "flux2"))
    assert (model.latent.channels, model.latent.stride, model.latent.scale) == (CHANNELS, 16, 1.0)
    pixels = torch.rand(1, 3, 64, 48)
    vae = model.autoencoder.vae
    rebuilt = vae.decode(vae.encode(pixels * 2 - 1).latent_dist.mode()).sample / 2 + 0.5
    assert torch.allclose(model.decode(model.encode(pixels)), rebuilt.clamp(0, 1), atol=1e-5)


def test_single_files_draw_what_the_folder_draws(klein, tmp_path):
    path = write_parts_of_klein(klein, tmp_path / "models")
    kind = recognise_file(path)
    assert (kind.family, kind.variant) == ("flux2", "klein")
    assert (kind.card.steps, kind.card.cfg_scale, kind.card.distilled) == (4, 1.0, False)
    configs = shutil.copytree(klein, tmp_path / "configs" / "tiny")
    config = configs / "transformer" / "config.json"
    wrong = {"num_layers": 8, "num_attention_heads": 48, "in_channels": 1, "guidance_embeds": True}
    config.write_text(json.dumps({**json.loads(config.read_text()), **wrong}))
    family = Flux2(configs.parent, {READ: ("tiny", KLEIN)})
    one, other = (
        load(how, info_of(place, "flux2", distilled=False))
        for how, place in ((family, path), (Flux2(), klein))
    )
    made = straight(one, size=(4, 4))
    assert torch.equal(made, straight(other, size=(4, 4)))
    assert torch.equal(one.decode(made), other.decode(made))
    assert torch.equal(one.encode(torch.ones(1, 3, 32, 32)), other.encode(torch.ones(1, 3, 32, 32)))
    with pytest.raises(UserError, match=f"flux2, {READ} channels"):
        load(Flux2(), info_of(path, "flux2"))


def test_parts_that_do_not_fit_are_refused(tmp_path):
    folder = write_flux2(tmp_path / "tiny", joint_attention_dim=24)
    with pytest.raises(UserError) as raised:
        load(Flux2(), info_of(folder, "flux2"))
    assert raised.value.problem.code == "model_damaged"


def test_every_layer_by_its_makers_name(klein, tmp_path):
    model = load(Flux2(), info_of(klein, "flux2"))
    before = {key: one.clone() for key, one in model.transformer.state_dict().items()}
    tensors, fused = {}, "double_blocks.1.txt_attn.qkv"
    for name, value in flux2_layout(weights_of(klein, "transformer")).items():
        if value.dim() == 2:
            layer = name.removesuffix(".weight")
            tensors[f"diffusion_model.{layer}.lora_A.weight"] = rand(2, value.shape[1])
            tensors[f"diffusion_model.{layer}.lora_B.weight"] = rand(value.shape[0], 2)
    adapter = read_adapter(write(tmp_path / "a.safetensors", tensors), "a")
    assert not model.match(adapter).unknown
    model.adapt([Joined(adapter)])
    down, up = (tensors[f"diffusion_model.{fused}.lora_{one}.weight"] for one in "AB")
    keys = [f"transformer_blocks.1.attn.add_{one}_proj.weight" for one in "qkv"]
    after = model.transformer.state_dict()
    made, own = (torch.cat([of[key] for key in keys]) for of in (after, before))
    torch.testing.assert_close(made, own + up @ down)
    model.adapt([])
    assert same(model.transformer.state_dict(), before)
