"""Tiny random models of newer families, as diffusers folders and in their makers' layout."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from diffusers import ChromaTransformer2DModel, FlowMatchEulerDiscreteScheduler
from safetensors.torch import load_file, save_file

from tests.flow_layout import flow_layout, flux_layout
from tests.tiny_flows import (
    CHANNELS,
    T5_WIDTH,
    autoencoder,
    long_encoder,
    save_parts,
    write_index,
    write_t5_tokenizer,
)
from webui.library.weights import part_files


def write_chroma(folder: Path, **transformer: Any) -> Path:
    """A Chroma; `transformer`: changes to the transformer's config."""
    config = {
        "in_channels": 4 * CHANNELS,
        "num_layers": 2,
        "num_single_layers": 2,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": T5_WIDTH,
        "axes_dims_rope": (4, 4, 8),
        "approximator_num_channels": 8,
        "approximator_hidden_dim": 16,
        "approximator_layers": 2,
    }
    save_parts(
        folder,
        {
            "transformer": lambda: ChromaTransformer2DModel(**{**config, **transformer}),
            "vae": autoencoder,
            "text_encoder": long_encoder,
        },
    )
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True)
    scheduler.save_pretrained(folder / "scheduler")
    write_t5_tokenizer(folder / "tokenizer")
    write_index(
        folder,
        "ChromaPipeline",
        {
            "transformer": "ChromaTransformer2DModel",
            "vae": "AutoencoderKL",
            "scheduler": "FlowMatchEulerDiscreteScheduler",
            "text_encoder": "T5EncoderModel",
            "tokenizer": "T5TokenizerFast",
            "image_encoder": None,
            "feature_extractor": None,
        },
    )
    return folder


def write_chroma_file(folder: Path, path: Path) -> Path:
    """All parts of a folder in one file, the transformer by its makers' names."""
    (file,) = part_files(folder, "transformer")
    tensors = {}
    for name, value in flux_layout(load_file(file)).items():
        if name.startswith("distilled_guidance_layer."):
            name = name.replace("linear_1.", "in_layer.").replace("linear_2.", "out_layer.")
            name = re.sub(r"(norms\.\d+)\.weight", r"\1.scale", name)
        tensors[f"model.diffusion_model.{name}"] = value.contiguous()
    text = flow_layout(folder, "flux", "text_encoder", "text_encoders.t5xxl.transformer.")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({**tensors, **text, **flow_layout(folder, "flux", "vae", "vae.")}, path)
    return path
