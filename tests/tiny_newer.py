"""Tiny random models of newer families, as diffusers folders and in their makers' layout."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from diffusers import (
    AutoencoderKLQwenImage,
    ChromaTransformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    QwenImageTransformer2DModel,
    ZImageTransformer2DModel,
)
from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers
from safetensors.torch import load_file, save_file
from torch import Tensor, cat

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
from tests.tiny_languages import WIDTH, qwen3, qwen_vl, write_qwen_tokenizer
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


def write_z_image(folder: Path, *, whole: bool = True, **transformer: Any) -> Path:
    """A Z-Image; `transformer`: changes to the transformer's config."""
    config = {
        "in_channels": CHANNELS,
        "dim": 32,
        "n_layers": 2,
        "n_refiner_layers": 1,
        "n_heads": 2,
        "n_kv_heads": 2,
        "cap_feat_dim": WIDTH,
        "axes_dims": [8, 4, 4],
        "axes_lens": [600, 16, 16],
    }
    save_parts(
        folder,
        {
            "transformer": lambda: ZImageTransformer2DModel(**{**config, **transformer}),
            "vae": autoencoder,
            "text_encoder": qwen3,
        },
    )
    FlowMatchEulerDiscreteScheduler(shift=3.0).save_pretrained(folder / "scheduler")
    write_qwen_tokenizer(folder / "tokenizer", whole=whole)
    write_index(
        folder,
        "ZImagePipeline",
        {
            "transformer": "ZImageTransformer2DModel",
            "vae": "AutoencoderKL",
            "scheduler": "FlowMatchEulerDiscreteScheduler",
            "text_encoder": "Qwen3Model",
            "tokenizer": "Qwen2Tokenizer",
        },
    )
    return folder


def write_parts_of_z_image(folder: Path, models: Path) -> Path:
    """The files that people have, below a folder of models; gives that of the transformer."""
    path = models / "diffusion_models" / "z_image_turbo_bf16.safetensors"
    save(path, z_image_layout(weights_of(folder, "transformer")))
    words = weights_of(folder, "text_encoder")
    inside = {f"model.{name}": value for name, value in words.items()}
    save(models / "text_encoders" / "qwen_3_4b.safetensors", inside)
    save(models / "vae" / "ae.safetensors", flow_layout(folder, "flux", "vae", ""))
    return path


def z_image_layout(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A transformer by its makers' names, one layer for query, key and value."""
    found = {"norm_final.weight": tensors["cap_embedder.0.weight"].clone()}
    for name, value in tensors.items():
        if re.search(r"\.attention\.to_[kv]\.", name):
            continue
        if ".attention.to_q." in name:
            parts = [tensors[name.replace("to_q", f"to_{one}")] for one in "qkv"]
            name, value = name.replace("to_q", "qkv"), cat(parts)
        name = re.sub(r"^all_(x_embedder|final_layer)\.2-1\.", r"\1.", name)
        name = name.replace("to_out.0.", "out.").replace("norm_q.", "q_norm.")
        found[name.replace("norm_k.", "k_norm.")] = value.contiguous()
    return found


def weights_of(folder: Path, part: str) -> dict[str, Tensor]:
    (file,) = part_files(folder, part)
    return load_file(file)


def save(path: Path, tensors: dict[str, Tensor]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)


def write_qwen_image(folder: Path, kind: str = "QwenImagePipeline", **transformer: Any) -> Path:
    """A Qwen-Image; `transformer`: changes to the transformer's config."""
    config = {
        "in_channels": 4 * CHANNELS,
        "out_channels": CHANNELS,
        "num_layers": 2,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": WIDTH,
        "axes_dims_rope": (4, 4, 8),
    }
    save_parts(
        folder,
        {
            "transformer": lambda: QwenImageTransformer2DModel(**{**config, **transformer}),
            "vae": lambda: AutoencoderKLQwenImage(base_dim=8),
            "text_encoder": qwen_vl,
        },
    )
    scheduler = FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True, max_image_seq_len=8192, max_shift=0.9, shift_terminal=0.02
    )
    scheduler.save_pretrained(folder / "scheduler")
    write_qwen_tokenizer(folder / "tokenizer", whole=False)
    write_index(
        folder,
        kind,
        {
            "transformer": "QwenImageTransformer2DModel",
            "vae": "AutoencoderKLQwenImage",
            "scheduler": "FlowMatchEulerDiscreteScheduler",
            "text_encoder": "Qwen2_5_VLForConditionalGeneration",
            "tokenizer": "Qwen2Tokenizer",
        },
    )
    return folder


def write_parts_of_qwen_image(folder: Path, models: Path) -> Path:
    """The files that people have, below a folder of models; gives that of the transformer."""
    path = models / "diffusion_models" / "qwen_image_bf16.safetensors"
    own = weights_of(folder, "transformer")
    save(path, {f"model.diffusion_model.{name}": value for name, value in own.items()})
    words = {
        name.replace("model.language_model.", "model.").replace("model.visual.", "visual."): value
        for name, value in weights_of(folder, "text_encoder").items()
    }
    save(models / "text_encoders" / "qwen_2.5_vl_7b.safetensors", words)
    save(models / "vae" / "qwen_image_vae.safetensors", wan_layout(weights_of(folder, "vae")))
    return path


def wan_layout(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """An autoencoder by the names of Wan's code, found by turning all that it may have."""
    ends = [f"{one}.{end}" for one in ("0", "2", "3", "6") for end in ("gamma", "weight", "bias")]
    inner = [f"residual.{end}" for end in ends]
    inner += [
        f"{one}.{end}"
        for one in ("shortcut", "resample.1", "time_conv", "to_qkv", "proj")
        for end in ("weight", "bias")
    ] + ["norm.gamma"]
    names = [f"{one}.{end}" for one in ("conv1", "conv2") for end in ("weight", "bias")]
    for side, stack in (("encoder", "downsamples"), ("decoder", "upsamples")):
        names += [f"{side}.conv1.weight", f"{side}.conv1.bias"]
        names += [f"{side}.head.{end}" for end in ends]
        names += [f"{side}.{stack}.{place}.{one}" for place in range(15) for one in inner]
        names += [f"{side}.middle.{place}.{one}" for place in range(3) for one in inner]
    turned = {name: Tensor([place]) for place, name in enumerate(names)}
    own = {new: names[int(place)] for new, place in convert_wan_vae_to_diffusers(turned).items()}
    return {own[name]: value for name, value in tensors.items()}
