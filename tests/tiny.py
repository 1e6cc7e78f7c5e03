"""Tiny random Stable Diffusion 1 models that can be run: a diffusers folder and a single file.

Use the session's fixture `tiny`; what it makes is shared, so change copies only.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

from webui.core.offers import ModelInfo
from webui.core.paths import CLONE
from webui.library.recognition import CARDS, LDM_PARTS
from webui.library.weights import PARTS, part_file

TOKENIZER = CLONE / "models" / "checkpoints" / "easel-demo" / "tokenizer"
VOCABULARY = 4934
LAYERS_PER_BLOCK = 2


@dataclass(frozen=True)
class Tiny:
    """The same weights twice.

    Attributes:
        folder: a diffusers folder; also serves as the family's configs for the file.
        file: a single `.safetensors` file in the layout of the first Stable Diffusion (LDM).
    """

    folder: Path
    file: Path

    @property
    def folder_info(self) -> ModelInfo:
        return _info(self.folder, "diffusers")

    @property
    def file_info(self) -> ModelInfo:
        return _info(self.file, "safetensors")


def write_tiny(root: Path, prediction_type: str = "epsilon", seed: int = 0) -> Tiny:
    """Make both below a folder; 64x64 pixels are 8x8 latents."""
    folder, file = root / "tiny", root / "tiny-file.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        _write_parts(folder)
    scheduler = PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type=prediction_type,
        skip_prk_steps=True,
        steps_offset=1,
    )
    scheduler.save_pretrained(folder / "scheduler")
    shutil.copytree(TOKENIZER, folder / "tokenizer")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    save_file(dict(ldm_layout(folder)), file)
    return Tiny(folder, file)


def _info(path: Path, kind: str) -> ModelInfo:
    card = CARDS["sd1"].model_copy(update={"width": 64, "height": 64})
    return ModelInfo(id=path.stem, path=str(path), format=kind, family="sd1", card=card)


def _write_parts(folder: Path) -> None:
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=VOCABULARY,
            hidden_size=32,
            intermediate_size=37,
            num_hidden_layers=3,
            num_attention_heads=4,
            bos_token_id=VOCABULARY - 2,
            eos_token_id=VOCABULARY - 1,
            pad_token_id=VOCABULARY - 1,
        )
    )
    # without it the mean over an embedding is 0, and emphasis divides by that mean
    torch.nn.init.normal_(text_encoder.final_layer_norm.bias)
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=LAYERS_PER_BLOCK,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=4,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
    )
    for name, part in {"text_encoder": text_encoder, "unet": unet, "vae": vae}.items():
        part.save_pretrained(folder / name)


_UNET_BLOCKS = (
    (r"time_embedding\.linear_1", "time_embed.0"),
    (r"time_embedding\.linear_2", "time_embed.2"),
    (r"conv_in", "input_blocks.0.0"),
    (r"conv_norm_out", "out.0"),
    (r"conv_out", "out.2"),
    (r"mid_block\.resnets\.0", "middle_block.0"),
    (r"mid_block\.attentions\.0", "middle_block.1"),
    (r"mid_block\.resnets\.1", "middle_block.2"),
)
_UNET_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_VAE_NAMES = {
    "down_blocks.": "down.",
    "mid_block.attentions.0.": "mid.attn_1.",
    "mid_block.resnets.0.": "mid.block_1.",
    "mid_block.resnets.1.": "mid.block_2.",
    ".resnets.": ".block.",
    ".downsamplers.0.": ".downsample.",
    ".upsamplers.0.": ".upsample.",
    "conv_norm_out": "norm_out",
    "conv_shortcut": "nin_shortcut",
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}


def ldm_layout(folder: Path) -> Iterator[tuple[str, Tensor]]:
    """A diffusers folder's weights under the names they have in a single file."""
    for part in PARTS:
        path = part_file(folder, part)
        assert path
        tensors = load_file(path)
        for name, tensor in tensors.items():
            renamed = _RENAMED[part](name, tensors)
            if part == "vae" and ".attn_1." in renamed and tensor.ndim == 2:
                tensor = tensor[:, :, None, None].contiguous()  # it was a convolution there
            yield LDM_PARTS[part] + renamed, tensor


def _unet_name(name: str, all_names: Mapping[str, Tensor]) -> str:
    for pattern, block in _UNET_BLOCKS:
        name = re.sub(f"^{pattern}\\.", f"{block}.", name)
    found = re.match(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)", name)
    if found:
        way, block, kind, place, rest = found.groups()
        first = int(block) * (LAYERS_PER_BLOCK + 1)
        if kind == "downsamplers":
            return f"input_blocks.{first + LAYERS_PER_BLOCK + 1}.0.{rest.replace('conv', 'op')}"
        if kind == "upsamplers":
            attends = any(other.startswith(f"up_blocks.{block}.attentions") for other in all_names)
            return f"output_blocks.{first + LAYERS_PER_BLOCK}.{1 + attends}.{rest}"
        number = first + int(place) + (way == "down")
        side = "input" if way == "down" else "output"
        name = f"{side}_blocks.{number}.{int(kind == 'attentions')}.{rest}"
    for new, old in _UNET_RESNET.items():
        name = re.sub(rf"^(\w+_blocks?\.[\d.]+\.){new}\.", rf"\1{old}.", name)
    return name


def _vae_name(name: str, all_names: Mapping[str, Tensor]) -> str:
    blocks = 1 + max(int(number) for number in re.findall(r"up_blocks\.(\d+)", " ".join(all_names)))
    name = re.sub(r"up_blocks\.(\d+)", lambda found: f"up.{blocks - 1 - int(found[1])}", name)
    for new, old in _VAE_NAMES.items():
        name = name.replace(new, old)
    return name


def _text_encoder_name(name: str, all_names: Mapping[str, Tensor]) -> str:
    return f"text_model.{name.removeprefix('text_model.')}"


_RENAMED = {"unet": _unet_name, "vae": _vae_name, "text_encoder": _text_encoder_name}
