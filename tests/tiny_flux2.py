"""Tiny random models of Flux.2, as diffusers folders and in their makers' layout."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2Transformer2DModel,
)
from torch import Tensor, cat

from tests.ldm_layout import ldm_names
from tests.tiny_flows import save_parts, write_index
from tests.tiny_languages import WIDTH, mistral, mistral_tokenizer, qwen3, write_qwen_tokenizer
from tests.tiny_newer import save, weights_of
from webui.models.flux2_names import BLOCKS, OUTER

CHANNELS = 16
READ = 3 * WIDTH


def write_flux2(folder: Path, *, dev: bool = False, **transformer: Any) -> Path:
    """A Flux.2, klein if not dev; `transformer`: changes to the transformer's config."""
    config = {
        "in_channels": CHANNELS,
        "num_layers": 2,
        "num_single_layers": 2,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": READ,
        "timestep_guidance_channels": 16,
        "axes_dims_rope": (4, 4, 4, 4),
        "guidance_embeds": dev,
    }
    parts = {
        "transformer": lambda: Flux2Transformer2DModel(**{**config, **transformer}),
        "vae": flux2_autoencoder,
        "text_encoder": lambda: mistral(32) if dev else qwen3(29),
    }
    save_parts(folder, parts)
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True)
    scheduler.save_pretrained(folder / "scheduler")
    if dev:
        mistral_tokenizer().save_pretrained(folder / "tokenizer")
    else:
        write_qwen_tokenizer(folder / "tokenizer")
    kind = "Flux2Pipeline" if dev else "Flux2KleinPipeline"
    names = {
        "transformer": "Flux2Transformer2DModel",
        "vae": "AutoencoderKLFlux2",
        "scheduler": "FlowMatchEulerDiscreteScheduler",
        "text_encoder": "Mistral3ForConditionalGeneration" if dev else "Qwen3Model",
        "tokenizer": "Qwen2Tokenizer",
    }
    write_index(folder, kind, names)
    if not dev:
        index = json.loads((folder / "model_index.json").read_text())
        (folder / "model_index.json").write_text(json.dumps({**index, "is_distilled": False}))
    return folder


def flux2_autoencoder() -> AutoencoderKLFlux2:
    vae = AutoencoderKLFlux2(
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        latent_channels=CHANNELS // 4,
        norm_num_groups=4,
        sample_size=64,
    )
    torch.nn.init.normal_(vae.bn.running_mean)
    torch.nn.init.uniform_(vae.bn.running_var, 0.5, 2.0)
    return vae


def write_parts_of_klein(folder: Path, models: Path) -> Path:
    """The files that people have, below a folder of models; gives that of the transformer."""
    path = models / "diffusion_models" / "flux-2-klein-4b.safetensors"
    save(path, flux2_layout(weights_of(folder, "transformer")))
    words = weights_of(folder, "text_encoder")
    inside = {f"model.{name}": value for name, value in words.items()}
    save(models / "text_encoders" / "qwen_3_4b.safetensors", inside)
    save(models / "vae" / "flux2-vae.safetensors", flux2_vae_layout(weights_of(folder, "vae")))
    return path


def flux2_vae_layout(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    norm = {name: value for name, value in tensors.items() if name.startswith("bn.")}
    norm.pop("bn.num_batches_tracked")
    rest = {name: value for name, value in tensors.items() if not name.startswith("bn.")}
    found = {}
    for name, value in dict(ldm_names("vae", "", rest)).items():
        side = {"quant": "encoder.", "post_": "decoder."}.get(name[:5], "")
        found[side + name] = value.contiguous()
    return {**found, **norm}


def flux2_layout(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A transformer by its makers' names."""
    found: dict[str, Tensor] = {}
    tables = {("", ""): OUTER, **BLOCKS}
    for (files, own), table in tables.items():
        places = {at[1] for one in tensors if (at := re.match(rf"{own}\.(\d+)\.", one))}
        for place in sorted(places) if own else [""]:
            start, begin = (f"{one}.{place}." if own else "" for one in (own, files))
            for old, new in table.items():
                if f"{start}{new[0]}.weight" not in tensors:
                    continue
                value = cat([tensors[f"{start}{one}.weight"] for one in new])
                if new == ("norm_out.linear",):
                    scale, shift = value.chunk(2)
                    value = cat([shift, scale])
                end = "scale" if old.endswith("_norm") else "weight"
                found[f"{begin}{old}.{end}"] = value
    return found
