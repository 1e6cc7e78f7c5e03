"""The parts of the model: loaded from a diffusers folder, or made new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_pndm import PNDMScheduler
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

TEXT_WIDTH = 192
SCALING = 0.18215
"""Of Stable Diffusion 1; the latents are made to fit it."""


def load_vae(folder: Path) -> AutoencoderKL:
    return cast(AutoencoderKL, AutoencoderKL.from_pretrained(str(folder), dtype=torch.float32))


def load_unet(base: Path) -> UNet2DConditionModel:
    unet = UNet2DConditionModel.from_pretrained(str(base / "unet"), dtype=torch.float32)
    return cast(UNet2DConditionModel, unet)


def load_text_encoder(base: Path) -> CLIPTextModel:
    return CLIPTextModel.from_pretrained(str(base / "text_encoder"), dtype=torch.float32)


def load_tokenizer(base: Path) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(str(base / "tokenizer"))


def make_base(
    folder: Path,
    tokenizer: CLIPTokenizer,
    unet_channels: tuple[int, ...] = (48, 96, 192),
    vae_channels: tuple[int, ...] = (16, 32, 64, 128),
) -> None:
    """A new model with random weights, in the layout of the shipped one."""
    nothing: dict[str, Any] = {"safety_checker": None, "feature_extractor": None}
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL(**_vae_settings(vae_channels)),
        text_encoder=CLIPTextModel(_text_settings(tokenizer)),
        tokenizer=tokenizer,
        unet=UNet2DConditionModel(**_unet_settings(unet_channels)),
        scheduler=cast(Any, _scheduler()),
        requires_safety_checker=False,
        **nothing,
    )
    pipeline.save_pretrained(folder)
    card = {"family": "sd1", "width": 128, "height": 128, "examples": []}
    (folder / "easel.json").write_text(json.dumps(card), encoding="utf-8")


def _scheduler() -> PNDMScheduler:
    return PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        steps_offset=1,
    )


def _vae_settings(channels: tuple[int, ...]) -> dict[str, Any]:
    return {
        "down_block_types": ("DownEncoderBlock2D",) * len(channels),
        "up_block_types": ("UpDecoderBlock2D",) * len(channels),
        "block_out_channels": channels,
        "layers_per_block": 1,
        "latent_channels": 4,
        "norm_num_groups": 8,
        "sample_size": 128,
        "scaling_factor": SCALING,
    }


def _unet_settings(channels: tuple[int, ...]) -> dict[str, Any]:
    return {
        "sample_size": 16,
        "layers_per_block": 1,
        "block_out_channels": channels,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": TEXT_WIDTH,
        "attention_head_dim": 4,
        "norm_num_groups": 16,
    }


def _text_settings(tokenizer: CLIPTokenizer) -> CLIPTextConfig:
    special = ("bos_token_id", "eos_token_id", "pad_token_id")
    tokens: dict[str, Any] = {name: getattr(tokenizer, name) for name in special}
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=512,
        num_hidden_layers=3,
        num_attention_heads=3,
        max_position_embeddings=77,
        projection_dim=TEXT_WIDTH,
        **tokens,
    )
