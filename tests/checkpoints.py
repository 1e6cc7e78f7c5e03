"""Files and folders that look like models to the catalog: right names and shapes, hardly any bytes.

Models that can be run are in tests/tiny.py.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree, rmtree

import numpy as np
from safetensors.numpy import save_file

UNET_INPUT = "model.diffusion_model.input_blocks.0.0.weight"
SD1_KEYS: Mapping[str, tuple[int, ...]] = {
    UNET_INPUT: (8, 4, 3, 3),
    "first_stage_model.decoder.conv_in.weight": (2, 2),
    "cond_stage_model.transformer.text_model.embeddings.position_ids": (1, 7),
}
_SAME = {key: SD1_KEYS[key] for key in list(SD1_KEYS)[:2]}
KEYS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "sd1": SD1_KEYS,
    "sd2": {**_SAME, "cond_stage_model.model.ln_final.weight": (1,)},
    "sdxl": {
        **_SAME,
        "conditioner.embedders.0.transformer.text_model.final_layer_norm.bias": (1,),
        "conditioner.embedders.1.model.ln_final.weight": (1,),
    },
    "sdxl-refiner": {**_SAME, "conditioner.embedders.0.model.ln_final.weight": (1,)},
}
"""Family -> weights that a single file of it is told by."""


def write_weights(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]],
    fill: float = 0,
    metadata: dict[str, str] | None = None,
) -> Path:
    """A `.safetensors` file of float16 numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: np.full(shape, fill, np.float16) for name, shape in shapes.items()}
    save_file(tensors, path, metadata)
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


def write_xl_folder(folder: Path, refiner: bool = False, **unet: object) -> Path:
    """A diffusers folder of Stable Diffusion XL; the refiner lacks the first text encoder."""
    write_folder(folder, "StableDiffusionXLPipeline", **unet)
    for name in ("text_encoder", "tokenizer"):
        second = folder / f"{name}_2"
        copytree(folder / name, second)
        if refiner:
            rmtree(folder / name)
    if not refiner:
        index = {"_class_name": "StableDiffusionXLPipeline", "text_encoder": ["transformers", "x"]}
        (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder
