"""Tiny random pipelines of diffusers that no family of ours is for, as folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffusers import (
    AuraFlowTransformer2DModel,
    AutoencoderDC,
    CogView4Transformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    HiDreamImageTransformer2DModel,
    Lumina2Transformer2DModel,
    SanaTransformer2DModel,
)
from transformers import (
    Gemma2Config,
    Gemma2Model,
    GlmConfig,
    GlmModel,
    UMT5Config,
    UMT5EncoderModel,
)

from tests.tiny import copy_tokenizer
from tests.tiny_flows import (
    CHANNELS,
    PROJECTED,
    T5_WIDTH,
    autoencoder,
    clip,
    long_encoder,
    save_parts,
    write_index,
    write_t5_tokenizer,
)
from tests.tiny_languages import WIDTH, size_of_vocabulary, write_qwen_tokenizer

_TEXT: Mapping[str, Any] = {
    "hidden_size": WIDTH,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
}


def _written(folder: Path, kind: str, parts: Mapping[str, Any], names: Mapping[str, Any]) -> Path:
    save_parts(folder, {name: make for name, make in parts.items() if name != "scheduler"})
    parts["scheduler"]().save_pretrained(folder / "scheduler")
    write_index(folder, kind, {"vae": "AutoencoderKL", **names})
    return folder


def write_sana(folder: Path) -> Path:
    write_qwen_tokenizer(folder / "tokenizer")
    vae = {
        "latent_channels": 4,
        "encoder_block_types": ("ResBlock", "EfficientViTBlock"),
        "decoder_block_types": ("ResBlock", "EfficientViTBlock"),
        "encoder_block_out_channels": (8, 8),
        "decoder_block_out_channels": (8, 8),
        "encoder_qkv_multiscales": ((), (5,)),
        "decoder_qkv_multiscales": ((), (5,)),
        "encoder_layers_per_block": (1, 1),
        "decoder_layers_per_block": (1, 1),
        "downsample_block_type": "conv",
        "upsample_block_type": "interpolate",
        "decoder_norm_types": "rms_norm",
        "decoder_act_fns": "silu",
        "attention_head_dim": 4,
    }
    transformer = {
        "in_channels": 4,
        "out_channels": 4,
        "num_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 4,
        "num_cross_attention_heads": 2,
        "cross_attention_head_dim": 4,
        "cross_attention_dim": 8,
        "caption_channels": WIDTH,
        "sample_size": 32,
    }
    parts = {
        "transformer": lambda: SanaTransformer2DModel(**transformer),
        "vae": lambda: AutoencoderDC(**vae),
        "text_encoder": _gemma,
        "scheduler": lambda: FlowMatchEulerDiscreteScheduler(shift=3.0),
    }
    names = {
        "transformer": "SanaTransformer2DModel",
        "vae": "AutoencoderDC",
        "scheduler": "FlowMatchEulerDiscreteScheduler",
        "text_encoder": "Gemma2Model",
        "tokenizer": "Qwen2Tokenizer",
    }
    return _written(folder, "SanaPipeline", parts, names)


def _gemma() -> Gemma2Model:
    return Gemma2Model(Gemma2Config(vocab_size=size_of_vocabulary(), **_TEXT))


def write_lumina2(folder: Path) -> Path:
    write_qwen_tokenizer(folder / "tokenizer")
    transformer = {
        "sample_size": 16,
        "in_channels": CHANNELS,
        "hidden_size": 24,
        "num_layers": 1,
        "num_refiner_layers": 1,
        "num_attention_heads": 3,
        "num_kv_heads": 1,
        "multiple_of": 2,
        "axes_dim_rope": (4, 2, 2),
        "axes_lens": (512, 16, 16),
        "cap_feat_dim": WIDTH,
    }
    parts = {
        "transformer": lambda: Lumina2Transformer2DModel(**transformer),
        "vae": autoencoder,
        "text_encoder": _gemma,
        "scheduler": lambda: FlowMatchEulerDiscreteScheduler(shift=6.0),
    }
    names = {
        "transformer": "Lumina2Transformer2DModel",
        "scheduler": "FlowMatchEulerDiscreteScheduler",
        "text_encoder": "Gemma2Model",
        "tokenizer": "Qwen2Tokenizer",
    }
    return _written(folder, "Lumina2Pipeline", parts, names)


def write_auraflow(folder: Path) -> Path:
    write_t5_tokenizer(folder / "tokenizer")
    transformer = {
        "sample_size": 8,
        "in_channels": CHANNELS,
        "out_channels": CHANNELS,
        "num_mmdit_layers": 1,
        "num_single_dit_layers": 1,
        "attention_head_dim": 8,
        "num_attention_heads": 4,
        "caption_projection_dim": 32,
        "joint_attention_dim": T5_WIDTH,
        "pos_embed_max_size": 64,
    }
    text = {"vocab_size": 28, "d_model": T5_WIDTH, "d_ff": 64, "d_kv": 8}
    text |= {"num_heads": 4, "num_layers": 2}
    parts = {
        "transformer": lambda: AuraFlowTransformer2DModel(**transformer),
        "vae": autoencoder,
        "text_encoder": lambda: UMT5EncoderModel(UMT5Config(**text)),
        "scheduler": lambda: FlowMatchEulerDiscreteScheduler(shift=1.73),
    }
    names = {
        "transformer": "AuraFlowTransformer2DModel",
        "scheduler": "FlowMatchEulerDiscreteScheduler",
        "text_encoder": "UMT5EncoderModel",
        "tokenizer": "T5TokenizerFast",
    }
    return _written(folder, "AuraFlowPipeline", parts, names)


def write_cogview4(folder: Path) -> Path:
    write_qwen_tokenizer(folder / "tokenizer")
    transformer = {
        "in_channels": CHANNELS,
        "out_channels": CHANNELS,
        "num_layers": 1,
        "attention_head_dim": 8,
        "num_attention_heads": 2,
        "text_embed_dim": WIDTH,
        "time_embed_dim": 8,
        "condition_dim": 4,
        "sample_size": 8,
    }
    parts = {
        "transformer": lambda: CogView4Transformer2DModel(**transformer),
        "vae": autoencoder,
        "text_encoder": lambda: GlmModel(
            GlmConfig(vocab_size=size_of_vocabulary(), pad_token_id=0, **_TEXT)
        ),
        "scheduler": lambda: FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, base_shift=0.25, max_shift=0.75
        ),
    }
    names = {
        "transformer": "CogView4Transformer2DModel",
        "scheduler": "FlowMatchEulerDiscreteScheduler",
        "text_encoder": "GlmModel",
        "tokenizer": "Qwen2Tokenizer",
    }
    return _written(folder, "CogView4Pipeline", parts, names)


def write_hidream(folder: Path) -> Path:
    """As it is published: Llama, the fourth to read the text, is left to be brought along."""
    copy_tokenizer(folder / "tokenizer", None)
    copy_tokenizer(folder / "tokenizer_2", None)
    write_t5_tokenizer(folder / "tokenizer_3")
    transformer = {
        "patch_size": 2,
        "in_channels": CHANNELS,
        "out_channels": CHANNELS,
        "num_layers": 1,
        "num_single_layers": 1,
        "attention_head_dim": 8,
        "num_attention_heads": 4,
        "caption_channels": [T5_WIDTH, WIDTH],
        "text_emb_dim": 2 * PROJECTED,
        "num_routed_experts": 2,
        "num_activated_experts": 1,
        "axes_dims_rope": (4, 2, 2),
        "max_resolution": (32, 32),
        "llama_layers": (0, 1),
    }
    parts = {
        "transformer": lambda: HiDreamImageTransformer2DModel(**transformer),
        "vae": autoencoder,
        "text_encoder": lambda: clip("quick_gelu", True),
        "text_encoder_2": lambda: clip("gelu", True),
        "text_encoder_3": long_encoder,
        "scheduler": lambda: FlowMatchEulerDiscreteScheduler(shift=3.0),
    }
    names = {
        "transformer": "HiDreamImageTransformer2DModel",
        "scheduler": "FlowMatchEulerDiscreteScheduler",
        **{f"text_encoder{end}": "CLIPTextModelWithProjection" for end in ("", "_2")},
        **{f"tokenizer{end}": "CLIPTokenizer" for end in ("", "_2")},
        "text_encoder_3": "T5EncoderModel",
        "tokenizer_3": "T5TokenizerFast",
        "text_encoder_4": None,
        "tokenizer_4": None,
    }
    return _written(folder, "HiDreamImagePipeline", parts, names)


OTHERS = {
    "SanaPipeline": write_sana,
    "Lumina2Pipeline": write_lumina2,
    "AuraFlowPipeline": write_auraflow,
    "CogView4Pipeline": write_cogview4,
}
"""Those that a folder holds whole."""
