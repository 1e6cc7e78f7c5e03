"""Which architecture a model is of: told from its weights' names and shapes, or its configs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from webui.core.errors import UserError
from webui.core.offers import ModelCard, Preview
from webui.library.weights import PARTS, Header, part_file, read_config, read_header

INDEX = "model_index.json"
"""The file that makes a folder a model in the layout of diffusers."""

CARDS: Mapping[str, ModelCard] = {
    "sd1": ModelCard(
        family="sd1",
        # https://discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204
        preview=Preview(
            matrix=(
                (0.298, 0.207, 0.208),
                (0.187, 0.286, 0.173),
                (-0.158, 0.189, 0.264),
                (-0.184, -0.271, -0.473),
            )
        ),
    )
}
"""The families that can be drawn with, and what suits a model of one that has no card."""

LDM_PARTS: Mapping[str, str] = {
    "unet": "model.diffusion_model.",
    "vae": "first_stage_model.",
    "text_encoder": "cond_stage_model.transformer.",
}
"""How the names of a part's weights begin in a single file of Stable Diffusion 1."""

_FILE_MARKS: tuple[tuple[str, str], ...] = (
    ("conditioner.embedders.1.", "sdxl"),
    ("conditioner.embedders.0.", "sdxl refiner"),
    ("cond_stage_model.model.", "sd2"),
    ("model.diffusion_model.joint_blocks.", "sd3"),
    ("model.diffusion_model.double_blocks.", "flux"),
    ("double_blocks.", "flux"),
    ("model.diffusion_model.input_blocks.", "sd1"),
    ("control_model.", "controlnet"),
    ("lora_", "lora"),
)
"""How the name of one of its weights begins -> the family; the first that is found counts."""

_CLASS_MARKS: tuple[tuple[str, str], ...] = (
    ("StableDiffusionXL", "sdxl"),
    ("StableDiffusion3", "sd3"),
    ("StableDiffusion", "sd1"),
    ("Flux", "flux"),
)
"""How the name of its pipeline begins -> the family."""

_TEXT_TO_IMAGE_CHANNELS = 4


def family_of_file(path: Path) -> str:
    """The family of a single file that can be drawn with.

    Raises:
        UserError: it is damaged, incomplete or of a kind that cannot be used.
    """
    header = read_header(path, path.name)
    family = next((family for mark, family in _FILE_MARKS if _has(header, mark)), None)
    _check_family(path.name, family)
    for part, prefix in LDM_PARTS.items():
        if not _has(header, prefix):
            raise UserError("model_part_missing", file=path.name, part=part)
    shape = header.shapes.get("model.diffusion_model.input_blocks.0.0.weight", ())
    _check_channels(path.name, shape[1] if len(shape) > 1 else 0)
    return str(family)


def family_of_folder(folder: Path) -> str:
    """The family of a diffusers folder that can be drawn with.

    Raises:
        UserError: it is damaged, incomplete or of a kind that cannot be used.
    """
    name = folder.name
    if not (folder / INDEX).is_file():
        raise UserError("model_part_missing", file=name, part=INDEX)
    kind = str(read_config(folder / INDEX, f"{name}/{INDEX}").get("_class_name"))
    families = (family for mark, family in _CLASS_MARKS if kind.startswith(mark))
    _check_family(name, next(families, kind.removesuffix("Pipeline")))
    for part in PARTS:
        _check_part(folder, part)
    for needed in ("tokenizer", "scheduler/scheduler_config.json"):
        if not (folder / needed).exists():
            raise UserError("model_part_missing", file=name, part=needed)
    unet = read_config(folder / "unet" / "config.json", f"{name}/unet/config.json")
    _check_family(name, "sd2" if unet.get("use_linear_projection") else "sd1")
    _check_channels(name, unet.get("in_channels", 0))
    return "sd1"


def _has(header: Header, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in header.shapes)


def _check_family(name: str, family: str | None) -> None:
    if family is None:
        raise UserError("model_unknown_kind", file=name)
    if family not in CARDS:
        raise UserError("model_unsupported", file=name, family=family)


def _check_channels(name: str, channels: int) -> None:
    """Models for inpainting and the like take more than the latents, they need another recipe."""
    if channels != _TEXT_TO_IMAGE_CHANNELS:
        family = f"sd1, {channels} channels"
        raise UserError("model_unsupported", file=name, family=family)


def _check_part(folder: Path, part: str) -> None:
    path = part_file(folder, part)
    if path is None:
        raise UserError("model_part_missing", file=folder.name, part=part)
    read_header(path, f"{folder.name}/{part}/{path.name}")
    shown = f"{folder.name}/{part}/config.json"
    read_config(folder / part / "config.json", shown)
