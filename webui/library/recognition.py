"""What a model is: told from its weights' names and shapes, or its configs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webui.core.errors import UserError
from webui.core.offers import ModelCard
from webui.library.adapters import WIDTHS
from webui.library.cards import CARDS, card_of, speed_of
from webui.library.flows import (
    FLOW_PARTS,
    check_folder,
    flow_variant,
    schedule_of,
    told_by,
)
from webui.library.header import Header, Shape, check_types
from webui.library.pipelines import GENERIC, draws_from_text, whole_card
from webui.library.weights import part_files, read_config, read_header

INDEX = "model_index.json"
"""The file that makes a folder a model in the layout of diffusers."""

_UNET = "model.diffusion_model."
_VAE = "first_stage_model."
LDM_PARTS: Mapping[str, Mapping[str, str]] = {
    "sd1": {"unet": _UNET, "vae": _VAE, "text_encoder": "cond_stage_model.transformer."},
    "sd2": {"unet": _UNET, "vae": _VAE, "text_encoder": "cond_stage_model.model."},
    "sdxl": {
        "unet": _UNET,
        "vae": _VAE,
        "text_encoder": "conditioner.embedders.0.transformer.",
        "text_encoder_2": "conditioner.embedders.1.model.",
    },
    "sdxl-refiner": {
        "unet": _UNET,
        "vae": _VAE,
        "text_encoder_2": "conditioner.embedders.0.model.",
    },
}
"""Family -> its parts, and how the names of a part's weights begin in a single file."""

UNET_INPUTS = ("input_blocks.0.0.weight", "conv_in.weight")
"""The first layer of a UNet, as LDM and diffusers call it."""
_TEXT_READER = re.compile(r"attn2\.to_k\.weight$")
_OTHER_UNETS = ("sd1", "unet", "vae", None)
"""What the names alone make of a UNet without its text encoder."""

_FILE_MARKS: tuple[tuple[str, str], ...] = (
    ("edm_", "playground 2.5"),
    ("noise_augmentor.", "unclip"),
    ("conditioner.embedders.1.", "sdxl"),
    ("conditioner.embedders.0.model.", "sdxl-refiner"),
    ("conditioner.embedders.0.", "sdxl"),
    ("cond_stage_model.model.", "sd2"),
    ("model.diffusion_model.joint_blocks.", "sd3"),
    ("joint_blocks.", "sd3"),
    *((f"{own}double_stream_modulation_img.", "flux2") for own in ("", _UNET)),
    *((f"{own}distilled_guidance_layer.", "chroma") for own in ("", _UNET)),
    *((f"{own}layers.0.adaLN_modulation.0.", "z-image") for own in ("", _UNET)),
    *((f"{own}transformer_blocks.0.img_mlp.", "qwen-image") for own in ("", _UNET)),
    ("model.diffusion_model.double_blocks.", "flux"),
    ("double_blocks.", "flux"),
    ("model.diffusion_model.input_blocks.", "sd1"),
    ("control_model.", "controlnet"),
    ("controlnet_cond_embedding.", "controlnet"),
    ("lora_", "lora"),
    ("emb_params", "textual inversion"),
    ("clip_l", "textual inversion"),
    ("first_stage_model.", "vae"),
    ("decoder.conv_in.", "vae"),
    ("down_blocks.", "unet"),
    ("text_model.", "text encoder"),
)
"""How the name of one of its weights begins -> the family; the first that is found counts."""

_LORA_MARKS = (".lora_up.", ".lora_down.", ".lora_A.", ".lora_B.", ".hada_w1_", ".lokr_w1")
"""What the names of weights of any kind of LoRA have in them."""

_CLASS_MARKS: tuple[tuple[str, str], ...] = (
    ("StableDiffusionXL", "sdxl"),
    ("StableDiffusion3", "sd3"),
    ("StableDiffusion", "sd1"),
    ("LatentConsistencyModel", "sd1"),
    ("Flux2KleinKV", "flux2 kv"),
    ("Flux2", "flux2"),
    ("Flux", "flux"),
    ("Chroma", "chroma"),
    ("ZImagePipeline", "z-image"),
    ("QwenImagePipeline", "qwen-image"),
    ("QwenImageEditPipeline", "qwen-image"),
    ("QwenImageEditPlusPipeline", "qwen-image"),
)
"""How the name of its pipeline begins -> the family."""

_VARIANTS: Mapping[int, str | None] = {4: None, 9: "inpaint", 8: "edit", 5: "depth"}
"""How many channels the UNet takes -> the variant."""

_TOKENIZERS: Mapping[str, str] = {"text_encoder": "tokenizer", "text_encoder_2": "tokenizer_2"}
_PIXELS_PER_LATENT = 8
_SIDES = range(32, 257)
"""Sides in latents that a config may be believed."""


@dataclass(frozen=True)
class Kind:
    """What a model is.

    Attributes:
        family: a key of `CARDS`.
        variant: what its UNet takes beside the latents (`inpaint`, `edit`, `depth`), else how it
            was distilled to few steps (`turbo`, …), else None.
        card: what suits it.
    """

    family: str
    variant: str | None
    card: ModelCard


def recognise_file(path: Path, header: Header | None = None) -> Kind:
    """What a single file is that can be drawn with.

    Args:
        header: of the file, where it was read before.

    Raises:
        UserError: it is damaged, incomplete or of a kind that cannot be used.
    """
    header = header or read_header(path, path.name)
    family = _family_of_names(header)
    width = _width(header)
    if family in _OTHER_UNETS and not _has(header, LDM_PARTS["sd1"]["text_encoder"]):
        family = WIDTHS.get(width, family)
    family = _checked(path.name, family)
    check_types(header, path.name)
    if family in FLOW_PARTS:
        return _flow(path.stem, family, told_by(family, header))
    shape = unet_input(header)
    for part, prefix in LDM_PARTS[family].items():
        there = shape is not None if part == "unet" else width in WIDTHS or _has(header, prefix)
        if not there:  # what a whole UNet lacks is looked for beside it
            raise UserError("model_part_missing", file=path.name, part=part)
    channels = shape[1] if shape and len(shape) > 1 else 0
    titles = [header.metadata.get(f"modelspec.{name}", "") for name in ("title", "architecture")]
    return _kind(path.name, family, channels, " ".join([path.stem, *titles]))


def unet_input(header: Header) -> Shape | None:
    """The shape of the first layer of the UNet in a single file; None if it has none."""
    names = (f"{prefix}{name}" for prefix in (_UNET, "") for name in UNET_INPUTS)
    return next((header.shapes[name] for name in names if name in header.shapes), None)


def recognise_folder(folder: Path) -> Kind:
    """What a diffusers folder is that can be drawn with.

    Raises:
        UserError: it is damaged, incomplete or of a kind that cannot be used.
    """
    name = folder.name
    if not (folder / INDEX).is_file():
        raise UserError("model_part_missing", file=name, part=INDEX)
    index = read_config(folder / INDEX, f"{name}/{INDEX}")
    family = _checked(name, _family_of_index(index))
    if family == GENERIC:
        return Kind(family, None, whole_card(folder, index))
    if family in FLOW_PARTS:
        told = {**check_folder(folder, family, index), "pipeline": index.get("_class_name")}
        told |= {"few_steps": index["is_distilled"]} if "is_distilled" in index else {}
        return _scheduled(folder, _flow(name, family, told))
    if family == "sd1":
        family = _sd1_or_sd2(folder)
    for part in LDM_PARTS[family]:
        _check_part(folder, part)
    tokenizers = [_TOKENIZERS[part] for part in LDM_PARTS[family] if part in _TOKENIZERS]
    for needed in (*tokenizers, "scheduler/scheduler_config.json"):
        if not (folder / needed).exists():
            raise UserError("model_part_missing", file=name, part=needed)
    unet = _unet_config(folder)
    if unet.get("class_embed_type"):
        raise UserError("model_unsupported", file=name, family=f"{family}, unclip")
    side = unet.get("sample_size")
    pixels = side * _PIXELS_PER_LATENT if isinstance(side, int) and side in _SIDES else None
    lcm = "lcm" if unet.get("time_cond_proj_dim") else ""
    return _kind(name, family, unet.get("in_channels", 4), f"{name} {lcm}", pixels)


def _kind(shown: str, family: str, channels: Any, name: str, side: int | None = None) -> Kind:
    if not isinstance(channels, int) or channels not in _VARIANTS:
        raise UserError("model_unsupported", file=shown, family=f"{family}, {channels} channels")
    variant, speed = _VARIANTS[channels], speed_of(name)
    card = card_of(family, speed or variant, f"{name} {variant or ''}", side)
    return Kind(family, variant or speed, card)


def _flow(shown: str, family: str, transformer: Mapping[str, Any]) -> Kind:
    variant, card = flow_variant(family, shown, transformer)
    return Kind(family, variant, card)


def _scheduled(folder: Path, kind: Kind) -> Kind:
    """With the schedule that a folder of a flow names."""
    schedule = schedule_of(folder)
    card = kind.card.model_copy(update={"schedule": schedule}) if schedule else kind.card
    return Kind(kind.family, kind.variant, card)


def _family_of_names(header: Header) -> str | None:
    if any(mark in name for name in header.shapes for mark in _LORA_MARKS):
        return "lora"
    return next((family for mark, family in _FILE_MARKS if _has(header, mark)), None)


def _width(header: Header) -> int:
    """Numbers a token of the text that a UNet reads; 0 if there is no UNet."""
    found = (shape for name, shape in header.shapes.items() if _TEXT_READER.search(name))
    return next((shape[1] for shape in found if len(shape) == 2), 0) if unet_input(header) else 0


def _family_of_index(index: Mapping[str, Any]) -> str:
    kind = str(index.get("_class_name"))
    families = (family for mark, family in _CLASS_MARKS if kind.startswith(mark))
    other = GENERIC if draws_from_text(kind) else kind.removesuffix("Pipeline")
    family = next(families, other)
    without_first = index.get("text_encoder") in (None, [None, None])
    return "sdxl-refiner" if family == "sdxl" and without_first else family


def _sd1_or_sd2(folder: Path) -> str:
    return "sd2" if _unet_config(folder).get("use_linear_projection") else "sd1"


def _unet_config(folder: Path) -> Mapping[str, Any]:
    return read_config(folder / "unet" / "config.json", f"{folder.name}/unet/config.json")


def _has(header: Header, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in header.shapes)


def _checked(name: str, family: str | None) -> str:
    if family is None:
        raise UserError("model_unknown_kind", file=name)
    if family not in CARDS:
        raise UserError("model_unsupported", file=name, family=family)
    return family


def _check_part(folder: Path, part: str) -> None:
    files = part_files(folder, part)
    if not files:
        raise UserError("model_part_missing", file=folder.name, part=part)
    for file in files:
        read_header(file, f"{folder.name}/{part}/{file.name}")
    shown = f"{folder.name}/{part}/config.json"
    read_config(folder / part / "config.json", shown)
