"""UNets in files of their own draw what the whole model draws, wherever the other parts lie."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.gguf_files import rounded, write_weights
from tests.models.families.drawing import load, same
from tests.tiny import Tiny, write_tiny
from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.library.weights import part_files
from webui.models.families.sd1 import SD1
from webui.models.families.sdxl import SDXL
from webui.models.stored import StoredLinear

UNET = "model.diffusion_model."
PARTS = {"text_encoder": "clip_l", "text_encoder_2": "clip_g", "vae": "sdxl_vae"}
"""In the tiny models both text encoders are of one width, so that the card has to tell."""


@pytest.fixture(scope="module")
def tiny_xl(tmp_path_factory) -> Tiny:
    return write_tiny(tmp_path_factory.mktemp("xl"), seed=3, family="sdxl")


def unet_of(tiny: Tiny) -> dict[str, Tensor]:
    names = load_file(tiny.file)
    return {name.removeprefix(UNET): names[name] for name in names if name.startswith(UNET)}


def put_parts(tiny: Tiny, models: Path, vae: str = "vae/sdxl_vae") -> None:
    """Where people keep them, by the names that ComfyUI gives."""
    for part, name in PARTS.items():
        if not (tiny.folder / part).is_dir():
            continue
        (file,) = part_files(tiny.folder, part)
        tensors = load_file(file)
        if part != "vae":
            tensors = {
                name if "text_" in name else f"text_model.{name}": value
                for name, value in tensors.items()
            }
        path = models / (f"{vae}.safetensors" if part == "vae" else f"clip/{name}.safetensors")
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, path)


def info(tiny: Tiny, path: Path, **parts: str) -> ModelInfo:
    card = tiny.file_info.card.model_copy(update={"parts": parts})
    return tiny.file_info.model_copy(update={"path": str(path), "card": card})


def saved(tensors: dict[str, Tensor], models: Path) -> Path:
    path = models / "diffusion_models" / "mine.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    return path


@torch.inference_mode()
@pytest.mark.parametrize("names", ["plain", "whole", "diffusers"])
def test_a_unet_of_stable_diffusion_1(tiny, tmp_path, names):
    tensors = unet_of(tiny)
    if names == "whole":
        tensors = {f"{UNET}{name}": value for name, value in tensors.items()}
    elif names == "diffusers":
        (file,) = part_files(tiny.folder, "unet")
        tensors = load_file(file)
    put_parts(tiny, tmp_path, "vae/mse")
    made = load(SD1(tiny.folder), info(tiny, saved(tensors, tmp_path)))
    same(load(SD1(), tiny.folder_info), made)


@torch.inference_mode()
def test_a_unet_of_xl(tiny_xl, tmp_path):
    put_parts(tiny_xl, tmp_path)
    made = load(SDXL(tiny_xl.folder), info(tiny_xl, saved(unet_of(tiny_xl), tmp_path), **PARTS))
    same(load(SDXL(), tiny_xl.folder_info), made)


@torch.inference_mode()
def test_a_unet_in_blocks_of_8_bits(tiny_xl, tmp_path):
    put_parts(tiny_xl, tmp_path)
    tensors = unet_of(tiny_xl)
    plain = saved({name: rounded(value) for name, value in tensors.items()}, tmp_path)
    packed = write_weights(plain.with_suffix(".gguf"), tensors, "sdxl")
    one, other = (
        load(SDXL(tiny_xl.folder), info(tiny_xl, path, **PARTS)) for path in (packed, plain)
    )
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    words = other.encode_texts(["a red apple"])
    torch.testing.assert_close(one.predict_x0(x, 5.0, words), other.predict_x0(x, 5.0, words))
    assert any(isinstance(layer, StoredLinear) for layer in one.unet.modules())


@torch.inference_mode()
def test_what_lies_nowhere_is_taken_from_another_checkpoint(tiny, tmp_path):
    path = saved(unet_of(tiny), tmp_path)
    with pytest.raises(UserError) as raised:
        load(SD1(tiny.folder), info(tiny, path))
    assert raised.value.problem.code == "model_companion_missing"
    assert raised.value.problem.values["what"] == "VAE"
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "whole.safetensors").symlink_to(tiny.file)
    same(load(SD1(), tiny.folder_info), load(SD1(tiny.folder), info(tiny, path)))


@torch.inference_mode()
def test_an_autoencoder_of_the_larger_models_is_not_taken(tiny, tmp_path):
    tensors = load_file(tiny.file)
    whole = {name: one for name, one in tensors.items() if not name.startswith("first_stage")}
    path = saved(whole, tmp_path)
    put_parts(tiny, tmp_path, "vae/sdxl_vae")
    with pytest.raises(UserError, match="mine.safetensors has no VAE in it"):
        load(SD1(tiny.folder), info(tiny, path))
    put_parts(tiny, tmp_path, "vae/mse")
    same(load(SD1(), tiny.folder_info), load(SD1(tiny.folder), info(tiny, path)))
