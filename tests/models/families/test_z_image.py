"""Z-Image gives what diffusers' pipeline of it gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import ZImagePipeline
from diffusers.loaders.single_file_utils import convert_z_image_transformer_checkpoint_to_diffusers
from safetensors.torch import load_file, save_file

from tests.models.adapters.makers import rand, same, write
from tests.models.families.drawing import load, relative
from tests.models.families.flowing import SCALE, drawn_by_diffusers, flow_noise, straight
from tests.tiny_flows import info_of
from tests.tiny_newer import write_parts_of_z_image, write_z_image, z_image_layout
from webui.core.errors import UserError
from webui.library.recognition import recognise_file, recognise_folder
from webui.models.adapters.patches import Joined
from webui.models.adapters.reading import read_adapter
from webui.models.families.z_image import ZImage, z_image_names


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_z_image(tmp_path_factory.mktemp("z") / "tiny")


@pytest.fixture
def apart(folder, tmp_path) -> Path:
    return write_parts_of_z_image(folder, tmp_path / "models")


@pytest.fixture
def configs(folder, tmp_path) -> Path:
    """As those that ship, with another number of everything that a header tells."""
    copy = shutil.copytree(folder, tmp_path / "configs")
    path = copy / "transformer" / "config.json"
    wrong = {"n_layers": 30, "n_refiner_layers": 2, "in_channels": 1, "dim": 3840, "n_heads": 30}
    path.write_text(json.dumps({**json.loads(path.read_text()), **wrong}))
    return copy


@pytest.mark.parametrize(("size", "scale"), [((8, 8), SCALE), ((12, 6), 3.0)])
def test_a_folder_draws_what_diffusers_draws(folder, size, scale):
    kind = recognise_folder(folder)
    assert (kind.family, kind.variant, kind.card.cfg_scale) == ("z-image", None, 5.0)
    model = load(ZImage(), info_of(folder, "z-image"))
    height, width = size
    wanted = drawn_by_diffusers(
        ZImagePipeline,
        folder,
        latents=flow_noise(height=height, width=width),
        height=height * 8,
        width=width * 8,
        guidance_scale=scale - 1,  # the pipeline counts from 0
    )
    assert relative(straight(model, size=size, scale=scale), wanted) < 1e-5
    assert relative(straight(model, "blue", size=size, scale=scale), wanted) > 1e-4


def test_turbo_draws_without_guidance(tmp_path):
    folder = write_z_image(tmp_path / "Z-Image-Turbo", whole=False)
    card = recognise_folder(folder).card
    assert (card.steps, card.cfg_scale) == (9, 1.0)
    wanted = drawn_by_diffusers(ZImagePipeline, folder, guidance_scale=0.0)
    made = straight(load(ZImage(), info_of(folder, "z-image")), scale=1.0)
    assert relative(made, wanted) < 1e-5


def test_single_files_draw_what_the_folder_draws(folder, apart, configs):
    kind = recognise_file(apart)
    assert (kind.family, kind.variant, kind.card.steps) == ("z-image", "turbo", 9)
    made = straight(load(ZImage(configs), info_of(apart, "z-image")))
    assert torch.equal(made, straight(load(ZImage(), info_of(folder, "z-image"))))


def test_a_file_with_all_parts(folder, apart, configs, tmp_path):
    tensors = load_file(apart)
    whole = {f"model.diffusion_model.{name}": value for name, value in tensors.items()}
    for begin, name in (
        ("vae.", "vae/ae"),
        ("text_encoders.qwen3_4b.transformer.", "text_encoders/qwen_3_4b"),
    ):
        part = load_file(tmp_path / "models" / f"{name}.safetensors")
        whole |= {f"{begin}{key}": value for key, value in part.items()}
    path = tmp_path / "z-image.safetensors"
    save_file(whole, path)
    assert recognise_file(path).family == "z-image"
    made = straight(load(ZImage(configs), info_of(path, "z-image")))
    assert torch.equal(made, straight(load(ZImage(), info_of(folder, "z-image"))))


def test_names_are_turned_as_diffusers_does(folder):
    file = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    own = z_image_layout(load_file(file))
    wanted = convert_z_image_transformer_checkpoint_to_diffusers(dict(own))
    made = z_image_names(own, None)
    assert same(made, wanted) and same(made, load_file(file))
    assert same(z_image_names(made, None), wanted)  # as they are already


@pytest.mark.parametrize("config", [{"cap_feat_dim": 24}, {"in_channels": 8}])
def test_parts_that_do_not_fit_are_refused(tmp_path, config):
    folder = write_z_image(tmp_path / "tiny", **config)
    with pytest.raises(UserError) as raised:
        load(ZImage(), info_of(folder, "z-image"))
    assert raised.value.problem.code == "model_damaged"


def test_a_side_that_is_too_long_is_said_to_be(folder):
    model = load(ZImage(), info_of(folder, "z-image"))
    words = model.encode_texts(["a"])
    assert model.predict_x0(torch.zeros(1, 16, 32, 4), 0.5, words).shape == (1, 16, 32, 4)
    with pytest.raises(UserError) as raised:
        model.predict_x0(torch.zeros(1, 16, 4, 34), 0.5, words)
    assert raised.value.problem.values["pixels"] == 256


def test_a_picture_does_not_depend_on_the_others(folder):
    model = load(ZImage(), info_of(folder, "z-image"))
    x = torch.randn(2, 16, 8, 8)
    words = model.encode_texts(["a red apple and more words than thirty-two bytes", "blue"])
    together = model.predict_x0(x, 0.5, words)
    alone = [model.predict_x0(x[i : i + 1], 0.5, words[i : i + 1]) for i in range(2)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


@pytest.mark.parametrize("name", ["layers.1.attention.qkv", "noise_refiner.0.attention.qkv"])
def test_a_lora_of_a_fused_layer(folder, tmp_path, name):
    model = load(ZImage(), info_of(folder, "z-image"))
    before = {key: one.clone() for key, one in model.transformer.state_dict().items()}
    down, up = rand(2, 32), rand(96, 2)
    tensors = {
        f"diffusion_model.{name}.lora_A.weight": down,
        f"diffusion_model.{name}.lora_B.weight": up,
    }
    adapter = read_adapter(write(tmp_path / "a.safetensors", tensors), "a")
    assert not model.match(adapter).unknown
    model.adapt([Joined(adapter)])
    keys = [f"{name.removesuffix('qkv')}to_{one}.weight" for one in "qkv"]
    after = model.transformer.state_dict()
    made, wanted = (torch.cat([of[key] for key in keys]) for of in (after, before))
    torch.testing.assert_close(made, wanted + up @ down)
    model.adapt([])
    assert same(model.transformer.state_dict(), before)


def test_every_other_layer_by_its_makers_name(folder, tmp_path):
    model = load(ZImage(), info_of(folder, "z-image"))
    file = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    tensors = {}
    for name, value in z_image_layout(load_file(file)).items():
        if value.dim() == 2 and name.endswith(".weight"):
            flat = "lora_unet_" + name.removesuffix(".weight").replace(".", "_")
            tensors[f"{flat}.lora_down.weight"] = rand(2, value.shape[1])
            tensors[f"{flat}.lora_up.weight"] = rand(value.shape[0], 2)
    adapter = read_adapter(write(tmp_path / "a.safetensors", tensors), "a")
    assert not model.match(adapter).unknown
