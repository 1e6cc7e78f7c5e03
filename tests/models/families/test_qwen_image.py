"""Qwen-Image gives what diffusers' pipeline of it gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKLQwenImage, QwenImagePipeline

from tests.models.adapters.makers import rand, write
from tests.models.families.drawing import load, relative
from tests.models.families.flowing import SCALE, drawn_by_diffusers, flow_noise, straight
from tests.tiny_flows import info_of
from tests.tiny_newer import write_parts_of_qwen_image, write_qwen_image
from webui.core.errors import UserError
from webui.library.recognition import recognise_file, recognise_folder
from webui.models.adapters.reading import read_adapter
from webui.models.families.flux import packed, unpacked
from webui.models.families.qwen_image import QwenImage


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_qwen_image(tmp_path_factory.mktemp("qwen") / "tiny")


@pytest.mark.parametrize(("size", "scale"), [((8, 8), SCALE), ((12, 6), 1.0)])
def test_a_folder_draws_what_diffusers_draws(folder, size, scale):
    kind = recognise_folder(folder)
    assert (kind.family, kind.variant, kind.card.renormed) == ("qwen-image", None, True)
    model = load(QwenImage(), info_of(folder, "qwen-image"))
    height, width = size
    made = drawn_by_diffusers(
        QwenImagePipeline,
        folder,
        latents=packed(flow_noise(height=height, width=width)),
        height=height * 8,
        width=width * 8,
        true_cfg_scale=scale,
        guidance_scale=None,
    )
    wanted = unpacked(made, height, width)
    assert relative(straight(model, size=size, scale=scale), wanted) < 1e-5
    assert relative(straight(model, "blue", size=size, scale=scale), wanted) > 1e-4


def test_pixels_and_latents_are_those_of_its_autoencoder(folder):
    model = load(QwenImage(), info_of(folder, "qwen-image"))
    vae = AutoencoderKLQwenImage.from_pretrained(folder / "vae")
    pixels = torch.rand(2, 3, 64, 48)
    mean, std = (torch.tensor(vae.config[f"latents_{one}"]) for one in ("mean", "std"))
    mean, std = mean.view(1, -1, 1, 1, 1), std.view(1, -1, 1, 1, 1)
    with torch.no_grad():
        latents = (vae.encode(pixels[:, :, None] * 2 - 1).latent_dist.mode() - mean) / std
        decoded = vae.decode(latents * std + mean).sample[:, :, 0] / 2 + 0.5
    assert torch.allclose(model.encode(pixels), latents[:, :, 0], atol=1e-5)
    assert torch.allclose(model.decode(latents[:, :, 0]), decoded.clamp(0, 1), atol=1e-5)
    assert (model.latent.channels, model.latent.stride, model.latent.scale) == (16, 8, 1.0)


def test_single_files_draw_what_the_folder_draws(folder, tmp_path):
    path = write_parts_of_qwen_image(folder, tmp_path / "models")
    kind = recognise_file(path)
    assert (kind.family, kind.variant) == ("qwen-image", None)
    configs = shutil.copytree(folder, tmp_path / "configs")
    config = configs / "transformer" / "config.json"
    wrong = {"num_layers": 60, "num_attention_heads": 24, "in_channels": 1}
    config.write_text(json.dumps({**json.loads(config.read_text()), **wrong}))
    one, other = (
        load(family, info_of(place, "qwen-image"))
        for family, place in ((QwenImage(configs), path), (QwenImage(), folder))
    )
    made = straight(one)
    assert torch.equal(made, straight(other))
    assert torch.equal(one.decode(made), other.decode(made))


def test_texts_of_unlike_lengths_do_not_see_each_other(folder):
    model = load(QwenImage(), info_of(folder, "qwen-image"))
    x = torch.randn(2, 16, 8, 8)
    words = model.encode_texts(["a red apple", "blue"])
    together = model.predict_x0(x, 0.5, words)
    alone = [model.predict_x0(x[i : i + 1], 0.5, words[i : i + 1]) for i in range(2)]
    assert torch.equal(together, torch.cat(alone))


def test_parts_that_do_not_fit_are_refused(tmp_path):
    folder = write_qwen_image(tmp_path / "tiny", joint_attention_dim=24)
    with pytest.raises(UserError) as raised:
        load(QwenImage(), info_of(folder, "qwen-image"))
    assert raised.value.problem.code == "model_damaged"


@pytest.mark.parametrize("begin", ["transformer.", "diffusion_model.", "lora_unet_"])
def test_loras_by_every_trainers_names(folder, tmp_path, begin):
    model = load(QwenImage(), info_of(folder, "qwen-image"))
    tensors = {}
    for name, layer in model.transformer.named_modules():
        if isinstance(layer, torch.nn.Linear):
            flat = begin + (name.replace(".", "_") if begin.endswith("_") else name)
            tensors[f"{flat}.lora_down.weight"] = rand(2, layer.in_features)
            tensors[f"{flat}.lora_up.weight"] = rand(layer.out_features, 2)
    adapter = read_adapter(write(tmp_path / "a.safetensors", tensors), "a")
    assert not model.match(adapter).unknown and len(adapter.layers) == len(tensors) / 2
