"""Tiny random Stable Diffusion models that can be run: a diffusers folder and a single file.

Use the session's fixture `tiny` for Stable Diffusion 1; what it makes is shared, so change copies
only.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from tests.ldm_layout import LAYERS_PER_BLOCK, ldm_layout
from webui.core.offers import ModelInfo
from webui.core.paths import CLONE
from webui.library.cards import CARDS
from webui.library.recognition import LDM_PARTS

TOKENIZER = CLONE / "models" / "checkpoints" / "easel-demo" / "tokenizer"
VOCABULARY = 4934
POOLED = 24
TIME_WIDTH = 8

_ATTENTION_FIRST: Mapping[str, Any] = {
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 32,
}
_XL: Mapping[str, Any] = {
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (2, 4),
    "transformer_layers_per_block": (1, 2),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": TIME_WIDTH,
}
UNETS: Mapping[str, Mapping[str, Any]] = {
    "sd1": {**_ATTENTION_FIRST, "attention_head_dim": 4},
    "sd2": {**_ATTENTION_FIRST, "attention_head_dim": (2, 4), "use_linear_projection": True},
    "sdxl": {
        **_XL,
        "cross_attention_dim": 64,
        "projection_class_embeddings_input_dim": POOLED + 6 * TIME_WIDTH,
    },
    "sdxl-refiner": {
        **_XL,
        "cross_attention_dim": 32,
        "projection_class_embeddings_input_dim": POOLED + 5 * TIME_WIDTH,
    },
}
_PIPELINES = {"sd1": "", "sd2": "", "sdxl": "XL", "sdxl-refiner": "XLImg2Img"}
_TEXT_ENCODERS = {"text_encoder": "CLIPTextModel", "text_encoder_2": "CLIPTextModelWithProjection"}


@dataclass(frozen=True)
class Tiny:
    """The same weights twice.

    Attributes:
        folder: a diffusers folder; also serves as the family's configs for the file.
        file: a single `.safetensors` file in the layout of the first Stable Diffusion (LDM).
    """

    folder: Path
    file: Path
    family: str = "sd1"

    @property
    def folder_info(self) -> ModelInfo:
        return self._info(self.folder, "diffusers")

    @property
    def file_info(self) -> ModelInfo:
        return self._info(self.file, "safetensors")

    def _info(self, path: Path, kind: str) -> ModelInfo:
        card = CARDS[self.family].model_copy(update={"width": 64, "height": 64})
        return ModelInfo(id=path.stem, path=str(path), format=kind, family=self.family, card=card)


def write_tiny(
    root: Path,
    prediction_type: str = "epsilon",
    seed: int = 0,
    family: str = "sd1",
    in_channels: int = 4,
    **schedule: Any,
) -> Tiny:
    """Make both below a folder; 64x64 pixels are 8x8 latents.

    Args:
        schedule: more entries of the scheduler's config.
    """
    folder, file = root / "tiny", root / "tiny-file.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for part in LDM_PARTS[family]:
            _part(part, family, in_channels).save_pretrained(folder / part)
    scheduler = PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type=prediction_type,
        skip_prk_steps=True,
        steps_offset=1,
    )
    scheduler.register_to_config(**schedule)
    scheduler.save_pretrained(folder / "scheduler")
    index = _index(family)
    for part in ("tokenizer", "tokenizer_2"):
        if part in index:
            copy_tokenizer(folder / part, "!" if family == "sd2" or part[-1] == "2" else None)
    (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    save_file(dict(ldm_layout(folder, family)), file)
    return Tiny(folder, file, family)


def _index(family: str) -> dict[str, Any]:
    """The `model_index.json`."""
    index: dict[str, Any] = {
        "_class_name": f"StableDiffusion{_PIPELINES[family]}Pipeline",
        "_diffusers_version": "0.42.1",
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    if not family.startswith("sdxl"):
        index |= {"requires_safety_checker": False, "safety_checker": [None, None]}
    else:
        index |= {"text_encoder": [None, None], "tokenizer": [None, None]}
    if family == "sdxl-refiner":
        index["requires_aesthetics_score"] = True
    for part in LDM_PARTS[family]:
        if part in _TEXT_ENCODERS:
            index[part] = ["transformers", _TEXT_ENCODERS[part]]
            index[part.replace("text_encoder", "tokenizer")] = ["transformers", "CLIPTokenizer"]
    return index


def copy_tokenizer(folder: Path, padding: str | None) -> None:
    shutil.copytree(TOKENIZER, folder)
    for name in ("tokenizer_config.json", "special_tokens_map.json") if padding else ():
        config = json.loads((folder / name).read_text(encoding="utf-8"))
        (folder / name).write_text(json.dumps({**config, "pad_token": padding}), encoding="utf-8")


def _part(part: str, family: str, in_channels: int) -> Any:
    if part == "unet":
        return UNet2DConditionModel(
            in_channels=in_channels,
            sample_size=8,
            block_out_channels=(32, 64),
            layers_per_block=LAYERS_PER_BLOCK,
            **UNETS[family],
        )
    if part == "vae":
        return AutoencoderKL(
            block_out_channels=(8, 8, 16, 16),
            layers_per_block=1,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4,
            norm_num_groups=4,
            sample_size=64,
        )
    config = CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=3,
        num_attention_heads=4,
        bos_token_id=VOCABULARY - 2,
        eos_token_id=VOCABULARY - 1,
        pad_token_id=VOCABULARY - 1,
        projection_dim=POOLED,
        hidden_act="gelu" if family == "sd2" or part == "text_encoder_2" else "quick_gelu",
    )
    projected = part == "text_encoder_2"
    model = CLIPTextModelWithProjection(config) if projected else CLIPTextModel(config)
    # without it the mean over an embedding is 0, and emphasis divides by that mean
    norm = model.text_model.final_layer_norm if projected else model.final_layer_norm
    torch.nn.init.normal_(norm.bias)
    return model


def weights_of_configs(family: Any, configs: Path) -> dict[str, int]:
    """How many weights the networks of a folder of configs have."""
    from webui.models.checkpoint import _configs, _networks

    info = ModelInfo(id="x", path="x", format="diffusers")
    networks = _networks(family._layout, info, _configs(family._layout, info, configs))
    return {
        part: sum(weight.numel() for weight in network.parameters())
        for part, network in networks.items()
    }
