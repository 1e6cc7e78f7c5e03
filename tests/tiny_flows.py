"""Tiny random models that are rectified flows, as diffusers folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
)
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    T5Config,
    T5EncoderModel,
)

from tests.tiny import VOCABULARY, copy_tokenizer
from webui.core.offers import ModelInfo
from webui.library.cards import CARDS

CHANNELS = 16
T5_WIDTH = 80
PROJECTED = 24

_PIECES = ("<pad>", "</s>", "<unk>", "▁", "▁red", "▁apple", "▁a", "▁table", *"abcdefghijklmnopqrst")


def info_of(path: Path, family: str, variant: str | None = None, **card: Any) -> ModelInfo:
    """As the catalog would tell of it, for 64 x 64 pixels."""
    kind = "diffusers" if path.is_dir() else "safetensors"
    small = CARDS[family].model_copy(update={"width": 64, "height": 64, **card})
    return ModelInfo(
        id=path.stem, path=str(path), format=kind, family=family, variant=variant, card=small
    )


def write_sd3(folder: Path, *, t5: bool = True, shift: float = 3.0, **transformer: Any) -> Path:
    """A Stable Diffusion 3; `transformer`: changes to the transformer's config."""
    config = {
        "sample_size": 8,
        "patch_size": 2,
        "in_channels": CHANNELS,
        "num_layers": 2,
        "attention_head_dim": 8,
        "num_attention_heads": 4,
        "joint_attention_dim": T5_WIDTH,
        "caption_projection_dim": 32,
        "pooled_projection_dim": 2 * PROJECTED,
        "out_channels": CHANNELS,
        "pos_embed_max_size": 8,
    }
    parts: dict[str, Any] = {
        "transformer": lambda: SD3Transformer2DModel(**{**config, **transformer}),
        "vae": autoencoder,
        "text_encoder": lambda: clip("quick_gelu", True),
        "text_encoder_2": lambda: clip("gelu", True),
    }
    if t5:
        parts["text_encoder_3"] = long_encoder
    save_parts(folder, parts)
    FlowMatchEulerDiscreteScheduler(shift=shift).save_pretrained(folder / "scheduler")
    copy_tokenizer(folder / "tokenizer", None)
    copy_tokenizer(folder / "tokenizer_2", "!")
    if t5:
        write_t5_tokenizer(folder / "tokenizer_3")
    write_index(
        folder,
        "StableDiffusion3Pipeline",
        {
            "transformer": "SD3Transformer2DModel",
            "vae": "AutoencoderKL",
            "scheduler": "FlowMatchEulerDiscreteScheduler",
            "text_encoder": "CLIPTextModelWithProjection",
            "text_encoder_2": "CLIPTextModelWithProjection",
            "text_encoder_3": "T5EncoderModel" if t5 else None,
            "tokenizer": "CLIPTokenizer",
            "tokenizer_2": "CLIPTokenizer",
            "tokenizer_3": "T5TokenizerFast" if t5 else None,
            "image_encoder": None,
            "feature_extractor": None,
        },
    )
    return folder


def write_flux(folder: Path, kind: str = "FluxPipeline", **transformer: Any) -> Path:
    """A Flux.1 dev; `transformer`: changes to the transformer's config."""
    config = {
        "patch_size": 1,
        "in_channels": 4 * CHANNELS,
        "out_channels": 4 * CHANNELS,
        "num_layers": 2,
        "num_single_layers": 2,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": T5_WIDTH,
        "pooled_projection_dim": 32,
        "guidance_embeds": True,
        "axes_dims_rope": (4, 4, 8),
    }
    save_parts(
        folder,
        {
            "transformer": lambda: FluxTransformer2DModel(**{**config, **transformer}),
            "vae": autoencoder,
            "text_encoder": lambda: clip("quick_gelu", False),
            "text_encoder_2": long_encoder,
        },
    )
    scheduler = FlowMatchEulerDiscreteScheduler(
        shift=3.0, use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15
    )
    scheduler.save_pretrained(folder / "scheduler")
    copy_tokenizer(folder / "tokenizer", None)
    write_t5_tokenizer(folder / "tokenizer_2")
    write_index(
        folder,
        kind,
        {
            "transformer": "FluxTransformer2DModel",
            "vae": "AutoencoderKL",
            "scheduler": "FlowMatchEulerDiscreteScheduler",
            "text_encoder": "CLIPTextModel",
            "text_encoder_2": "T5EncoderModel",
            "tokenizer": "CLIPTokenizer",
            "tokenizer_2": "T5TokenizerFast",
            "image_encoder": None,
            "feature_extractor": None,
        },
    )
    return folder


def save_parts(folder: Path, parts: Mapping[str, Any]) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for part, make in parts.items():
            make().save_pretrained(folder / part)


def write_index(folder: Path, kind: str, parts: Mapping[str, str | None]) -> None:
    """The `model_index.json`: which class each part is of."""
    index: dict[str, Any] = {"_class_name": kind, "_diffusers_version": "0.42.1"}
    for part, name in parts.items():
        library = "transformers" if part.startswith(("text", "token")) else "diffusers"
        index[part] = [library if name else None, name]
    (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")


def autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=CHANNELS,
        norm_num_groups=4,
        sample_size=64,
        scaling_factor=1.5305,
        shift_factor=0.0609,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


def clip(activation: str, projected: bool) -> Any:
    config = CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=3,
        num_attention_heads=4,
        bos_token_id=VOCABULARY - 2,
        eos_token_id=VOCABULARY - 1,
        pad_token_id=VOCABULARY - 1,
        projection_dim=PROJECTED,
        hidden_act=activation,
    )
    model = CLIPTextModelWithProjection(config) if projected else CLIPTextModel(config)
    norm = model.text_model.final_layer_norm if projected else model.final_layer_norm
    torch.nn.init.normal_(norm.bias)
    return model


def long_encoder() -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=len(_PIECES),
            d_model=T5_WIDTH,
            d_ff=64,
            d_kv=8,
            num_heads=4,
            num_layers=2,
            feed_forward_proj="gated-gelu",
        )
    )


def write_t5_tokenizer(folder: Path) -> None:
    """A vocabulary of a few words and letters, built as T5's is."""
    scored = [(piece, -place / 10) for place, piece in enumerate(_PIECES)]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=2))
    split = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>", "extra_ids": 0}
    config = {"tokenizer_class": "T5Tokenizer", **names}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
