"""From a picture's parameters to a form's fields, old pictures and other programs' included."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from webui.core.errors import UserError
from webui.core.requests import KINDS
from webui.prompt.attention import read_attention
from webui.prompt.infotext import Parameters, Value
from webui.prompt.pasted_fields import FindModel, Pasted, whole

_VERSION = re.compile(
    r"v?(?P<major>\d{1,9})\.(?P<minor>\d{1,9})(?:\.(?P<patch>\d{1,9}))?"
    r"(?:-(?:(?P<candidate>RC\d*)|(?P<commits>\d{1,9}))(?:-.*)?)?",
    re.IGNORECASE,
)
_OLD_FIRST_PASS_PIXELS = 512 * 512

_DEFAULTS: dict[str, Value] = {
    "Clip skip": "1",
    "Hires resize-1": 0,
    "Hires resize-2": 0,
    "Hires sampler": "Use same sampler",
    "Hires schedule type": "Use same scheduler",
    "Hires checkpoint": "Use same checkpoint",
    "Hires prompt": "",
    "Hires negative prompt": "",
    "Mask mode": "Inpaint masked",
    "Masked content": "original",
    "Inpaint area": "Whole picture",
    "Masked area padding": 32,
    "RNG": "GPU",
    "Schedule type": "Automatic",
    "Schedule max sigma": 0,
    "Schedule min sigma": 0,
    "Schedule rho": 0,
    "VAE Encoder": "Full",
    "VAE Decoder": "Full",
    "FP8 weight": "Disable",
}


def with_defaults(
    parameters: Parameters, old_hires_sizes: bool = False, compatible: bool = True
) -> dict[str, Value]:
    """All that a form needs, as A1111 completes it: what is left out, and what old versions meant.

    Args:
        parameters: as read.
        old_hires_sizes: `Size` is to be the size after the second pass.
        compatible: switch on what the version that made the picture did.

    Returns:
        The values, with "Prompt" and "Negative prompt" among them.
    """
    values = dict(parameters.values)
    values["Prompt"] = parameters.prompt + _hypernetwork(values)
    values["Negative prompt"] = parameters.negative_prompt
    for key, default in _DEFAULTS.items():
        values.setdefault(key, default)
    _restore_sizes(values, old_hires_sizes)
    if values["FP8 weight"] != "Disable":
        values.setdefault("Cache FP16 weight for LoRA", False)
    if _emphasised(parameters.prompt) or _emphasised(parameters.negative_prompt):
        values.setdefault("Emphasis", "Original")
    values.setdefault("Refiner switch by sampling steps", False)
    if compatible:
        values |= _old_ways(values)
    return values


def _hypernetwork(values: dict[str, Value]) -> str:
    name = values.get("Hypernet")
    return f"<hypernet:{name}:{values.get('Hypernet strength', '1.0')}>" if name else ""


def _emphasised(prompt: str) -> bool:
    try:
        return any(span.weight != 1 and span.text != "BREAK" for span in read_attention(prompt))
    except UserError:
        return True


def _restore_sizes(values: dict[str, Value], old_hires_sizes: bool) -> None:
    """Sizes of a second pass as they were written before `Hires resize`, and for who likes that."""
    resized = whole(values["Hires resize-1"]), whole(values["Hires resize-2"])
    if old_hires_sizes and all(resized):
        values["Size-1"], values["Size-2"] = resized
        return
    first = whole(values.get("First pass size-1")), whole(values.get("First pass size-2"))
    if None in first:
        return
    width, height = whole(values.get("Size-1", 512)), whole(values.get("Size-2", 512))
    if width and height:
        values["Size-1"], values["Size-2"] = first if all(first) else first_pass(width, height)
        values["Hires resize-1"], values["Hires resize-2"] = width, height


def first_pass(width: int, height: int) -> tuple[int, int]:
    """Size of a first pass before it could be chosen: about 512² pixels, in steps of 64."""
    scale = math.sqrt(_OLD_FIRST_PASS_PIXELS / (width * height))
    return math.ceil(scale * width / 64) * 64, math.ceil(scale * height / 64) * 64


def _old_ways(values: dict[str, Value]) -> dict[str, Value]:
    """What A1111's older versions did unasked; an unknown version means today's ways."""
    version = version_key(str(values.get("Version", "")))
    if version is None:
        return {}
    old: dict[str, bool] = {
        "Old prompt editing timelines": version < (1, 6, 0, 0) and "[" in str(values["Prompt"]),
        "Pad conds v0": version < (1, 6, 0, 0) and values.get("Sampler") in ("DDIM", "PLMS"),
        "Downcast alphas_cumprod": version < (1, 7, 0, 225),
        "Refiner switch by sampling steps": version < (1, 8, 0, 0) and bool(values.get("Refiner")),
    }
    return {key: True for key, holds in old.items() if holds}


def version_key(version: str) -> tuple[int, int, int, int] | None:
    """A1111's version as numbers that compare: (1, 7, 0, 225) is 225 commits after 1.7.0.

    A release candidate comes before its release; None for another program's version.
    """
    match = _VERSION.fullmatch(version)
    if not match:
        return None
    commits = -1 if match["candidate"] else int(match["commits"] or 0)
    return int(match["major"]), int(match["minor"]), int(match["patch"] or 0), commits


def to_request_fields(
    parameters: Parameters, find_model: FindModel | None = None
) -> dict[str, Any]:
    """The fields of a request that the parameters name, parts of it (`hires`, `refiner`) nested.

    A value that cannot be read leaves its field out, and so does a sampler that we do not have.
    With none but a prompt, only the prompts are there.

    Args:
        parameters: as read.
        find_model: the id of a model by name or hash, None if there is none; without it a
            model is named as in the picture.
    """
    values = with_defaults(parameters)
    pasted = Pasted(values, frozenset(parameters.values), find_model)
    return {
        "prompt": values["Prompt"],
        "negative_prompt": values["Negative prompt"],
        **(pasted.fields() if parameters.values else {}),
    }


def fitting(fields: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Those of the fields that a request of this kind has."""
    if kind == "upscale":
        fields = fields.get("upscale") or {}
    return {name: fields[name] for name in KINDS[kind].model_fields if name in fields}
