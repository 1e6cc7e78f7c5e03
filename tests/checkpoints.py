"""Files and folders that look like models to the catalog: right names and shapes, hardly any bytes.

Models that can be run are in tests/tiny.py.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

UNET_INPUT = "model.diffusion_model.input_blocks.0.0.weight"
SD1_KEYS: Mapping[str, tuple[int, ...]] = {
    UNET_INPUT: (8, 4, 3, 3),
    "first_stage_model.decoder.conv_in.weight": (2, 2),
    "cond_stage_model.transformer.text_model.embeddings.position_ids": (1, 7),
}


def write_weights(path: Path, shapes: Mapping[str, tuple[int, ...]], fill: float = 0) -> Path:
    """A `.safetensors` file of float16 numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: np.full(shape, fill, np.float16) for name, shape in shapes.items()}, path)
    return path


def write_file(path: Path, fill: float = 0) -> Path:
    """A single file that is taken for Stable Diffusion 1."""
    return write_weights(path, SD1_KEYS, fill)


def write_folder(folder: Path, kind: str = "StableDiffusionPipeline", **unet: object) -> Path:
    """A diffusers folder; `unet` overrides its UNet's config."""
    configs = {
        "model_index": {"_class_name": kind},
        "unet/config": {"in_channels": 4, "use_linear_projection": False, **unet},
        "vae/config": {},
        "text_encoder/config": {},
        "scheduler/scheduler_config": {},
        "tokenizer/vocab": {},
    }
    for name, config in configs.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(config), encoding="utf-8")
    write_weights(folder / "unet" / "diffusion_pytorch_model.safetensors", {"a": (2,)})
    write_weights(folder / "vae" / "diffusion_pytorch_model.safetensors", {"b": (2,)})
    write_weights(folder / "text_encoder" / "model.safetensors", {"c": (2,)})
    return folder
