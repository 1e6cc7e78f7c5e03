"""The files of a diffusers folder beside its weights: configs, tokenizers, the pipeline's name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webui.library.recognition import INDEX, LDM_PARTS
from webui.library.weights import read_config

VERSION = "0.30.0"
"""Of diffusers, that reads such a folder."""

_TOKENIZER = "sd1/tokenizer"
"""Of all of them, but for what fills up a text."""
_PIPELINES: Mapping[tuple[str, str | None], str] = {
    ("sd1", None): "StableDiffusionPipeline",
    ("sd1", "inpaint"): "StableDiffusionInpaintPipeline",
    ("sd1", "edit"): "StableDiffusionInstructPix2PixPipeline",
    ("sdxl", None): "StableDiffusionXLPipeline",
    ("sdxl", "inpaint"): "StableDiffusionXLInpaintPipeline",
    ("sdxl", "edit"): "StableDiffusionXLInstructPix2PixPipeline",
    ("sdxl-refiner", None): "StableDiffusionXLImg2ImgPipeline",
}
_ENCODERS: Mapping[str, str] = {
    "text_encoder": "CLIPTextModel",
    "text_encoder_2": "CLIPTextModelWithProjection",
}


def write_descriptions(
    folder: Path,
    family: str,
    variant: str | None,
    channels: int,
    trained: Mapping[str, Any],
    configs: Path,
) -> None:
    """Write all but the weights.

    Args:
        channels: that the UNet takes.
        trained: entries of the scheduler's config that the file tells.
        configs: folders of configs by family.

    Raises:
        OSError: they cannot be written.
    """
    own = configs / family
    schedule = read_config(own / "scheduler" / "scheduler_config.json", "scheduler_config.json")
    _write(folder / "scheduler" / "scheduler_config.json", {**schedule, **trained})
    for part in LDM_PARTS[family]:
        config = read_config(own / part / "config.json", f"{part}/config.json")
        if part == "unet":
            config["in_channels"] = channels
        _write(folder / part / "config.json", config)
        if part in _ENCODERS:
            _copy_tokenizer(folder, part, configs)
    _write(folder / INDEX, _index(family, variant, str(schedule["_class_name"])))


def _copy_tokenizer(folder: Path, part: str, configs: Path) -> None:
    to = folder / part.replace("text_encoder", "tokenizer")
    shutil.copytree(configs / _TOKENIZER, to, dirs_exist_ok=True)
    if part == "text_encoder_2":  # OpenCLIP fills up with the token 0
        file = to / "tokenizer_config.json"
        _write(file, {**read_config(file, file.name), "pad_token": "!"})


def _index(family: str, variant: str | None, scheduler: str) -> dict[str, Any]:
    pipeline = _PIPELINES.get((family, variant)) or _PIPELINES[family, None]
    index: dict[str, Any] = {
        "_class_name": pipeline,
        "_diffusers_version": VERSION,
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "scheduler": ["diffusers", scheduler],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "text_encoder": [None, None],
        "tokenizer": [None, None],
    }
    if family == "sd1":
        index |= {"requires_safety_checker": False, "safety_checker": [None, None]}
    if family == "sdxl-refiner":
        index["requires_aesthetics_score"] = True
    for part in LDM_PARTS[family]:
        if part in _ENCODERS:
            index[part] = ["transformers", _ENCODERS[part]]
            index[part.replace("text_encoder", "tokenizer")] = ["transformers", "CLIPTokenizer"]
    return index


def _write(path: Path, values: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=2), encoding="utf-8")
