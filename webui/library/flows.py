"""Models that are rectified flows over a transformer: their parts, and whether all are there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webui.core.errors import UserError
from webui.core.offers import ModelCard
from webui.library.cards import CARDS, speed_of
from webui.library.weights import Header, part_files, read_config, read_header

_CLIP_L = "text_encoders.clip_l.transformer."
_CLIP_G = "text_encoders.clip_g.transformer."
_T5 = "text_encoders.t5xxl.transformer."

FLOW_PARTS: Mapping[str, Mapping[str, str]] = {
    "sd3": {
        "transformer": "model.diffusion_model.",
        "vae": "first_stage_model.",
        "text_encoder": _CLIP_L,
        "text_encoder_2": _CLIP_G,
        "text_encoder_3": _T5,
    },
    "flux": {
        "transformer": "model.diffusion_model.",
        "vae": "vae.",
        "text_encoder": _CLIP_L,
        "text_encoder_2": _T5,
    },
    "chroma": {
        "transformer": "model.diffusion_model.",
        "vae": "vae.",
        "text_encoder": _T5,
    },
    "z-image": {
        "transformer": "model.diffusion_model.",
        "vae": "vae.",
        "text_encoder": "text_encoders.qwen3_4b.transformer.",
    },
    "qwen-image": {
        "transformer": "model.diffusion_model.",
        "vae": "vae.",
        "text_encoder": "text_encoders.qwen25_7b.transformer.",
    },
    "flux2": {
        "transformer": "model.diffusion_model.",
        "vae": "vae.",
        "text_encoder": "text_encoders.",
    },
}
"""Family -> its parts, and how the names of a part's weights begin in a single file."""

OPTIONAL: Mapping[str, frozenset[str]] = {
    "sd3": frozenset({"text_encoder_3"}),
    "flux": frozenset(),
    "chroma": frozenset(),
    "z-image": frozenset(),
    "qwen-image": frozenset(),
    "flux2": frozenset(),
}
"""Parts that a model may lack."""

_FILL, _PLAIN = 384, 64
"""What a Flux transformer takes: with a masked picture and its mask beside the latents, or not."""
_QUICK: Mapping[str, int] = {"z-image": 9}
"""Steps of a family's models that were distilled to few, where they are not 4."""
_SCHEDULER = "scheduler/scheduler_config.json"
_SCHEDULES: Mapping[str, str] = {
    "use_karras_sigmas": "Karras",
    "use_exponential_sigmas": "Exponential",
    "use_beta_sigmas": "Beta",
}
"""What a scheduler's config may ask for -> the schedule that does it."""


def check_folder(folder: Path, family: str, index: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whether all parts of a diffusers folder are there and whole.

    Args:
        index: its `model_index.json`.

    Returns:
        The config of its transformer.

    Raises:
        UserError: a part is missing or damaged.
    """
    name = folder.name
    for part in FLOW_PARTS[family]:
        files = part_files(folder, part)
        if not files:
            if part in OPTIONAL[family] and index.get(part) in (None, [None, None]):
                continue
            raise UserError("model_part_missing", file=name, part=part)
        for file in files:
            read_header(file, f"{name}/{part}/{file.name}")
        read_config(folder / part / "config.json", f"{name}/{part}/config.json")
        tokenizer = part.replace("text_encoder", "tokenizer")
        if not (folder / tokenizer).is_dir():
            raise UserError("model_part_missing", file=name, part=tokenizer)
    if not (folder / _SCHEDULER).is_file():
        raise UserError("model_part_missing", file=name, part=_SCHEDULER)
    config = folder / "transformer" / "config.json"
    return read_config(config, f"{name}/transformer/config.json")


def schedule_of(folder: Path) -> str | None:
    """The schedule that the scheduler of a diffusers folder asks for, if any.

    Raises:
        UserError: its config is damaged.
    """
    config = read_config(folder / _SCHEDULER, f"{folder.name}/{_SCHEDULER}")
    return next((name for key, name in _SCHEDULES.items() if config.get(key)), None)


def told_by(family: str, header: Header) -> Mapping[str, Any]:
    """What the weights of a single file tell of its transformer's config."""
    prefix = FLOW_PARTS[family]["transformer"]
    own = prefix if any(name.startswith(prefix) for name in header.shapes) else ""
    shape = header.shapes.get(f"{own}img_in.weight", ())
    guided = f"{own}guidance_in.in_layer.weight" in header.shapes
    return {"in_channels": shape[1] if len(shape) == 2 else _PLAIN, "guidance_embeds": guided}


def flow_variant(
    family: str, name: str, transformer: Mapping[str, Any]
) -> tuple[str | None, ModelCard]:
    """What a model is shown of a picture, or how it was distilled, and what suits it.

    Args:
        name: of its file or folder.
        transformer: its config; `pipeline` is the class that a folder names.

    Raises:
        UserError: it takes something that cannot be given.
    """
    plain = f"{name} {transformer.get('pipeline', '')}".lower()
    card = CARDS[family]
    if family == "flux2":
        return _flux2(plain, transformer)
    if family == "qwen-image" and "edit" in plain:
        return "edit", card.model_copy(update={"steps": 40})
    if family != "flux":
        speed = speed_of(name)
        values = {"steps": _QUICK.get(family, 4), "cfg_scale": 1.0} if speed else {}
        return speed, card.model_copy(update=values)
    channels = transformer.get("in_channels", _PLAIN)
    if channels not in (_PLAIN, _FILL):
        raise UserError("model_unsupported", file=name, family=f"{family}, {channels} channels")
    if channels == _FILL:
        return "inpaint", card.model_copy(update={"steps": 30, "cfg_scale": 30.0})
    if "kontext" in plain:
        return "edit", card.model_copy(update={"steps": 28, "cfg_scale": 2.5})
    if not transformer.get("guidance_embeds"):
        return "schnell", card.model_copy(update={"steps": 4, "cfg_scale": 1.0})
    return None, card


def _flux2(name: str, transformer: Mapping[str, Any]) -> tuple[str | None, ModelCard]:
    """dev was taught its guidance; klein draws in few steps without, its base takes both."""
    card = CARDS["flux2"]
    if transformer.get("guidance_embeds"):
        return None, card
    quick = transformer.get("few_steps", "base" not in name)
    steps, scale = (4, 1.0) if quick else (50, 4.0)
    values = {"steps": steps, "cfg_scale": scale, "distilled": False}
    return "klein" if quick else None, card.model_copy(update=values)
