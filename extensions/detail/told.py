"""Passes in a picture's parameters, there and back, much as ADetailer writes them; and what
ADetailer itself wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from webui.ext import read_options

from .options import SKIN, Pass

_NAMES = {
    "model": "detector",
    "labels": "labels",
    "prompt": "prompt",
    "negative prompt": "negative_prompt",
    "confidence": "confidence",
    "mask only top k largest": "count",
    "mask min ratio": "smallest",
    "mask max ratio": "largest",
    "dilate erode": "dilate",
    "mask blur": "blur",
    "denoising strength": "strength",
    "inpaint padding": "padding",
    "x offset": "right",
    "y offset": "down",
    "merge": "merge",
    "steps": "steps",
    "CFG scale": "cfg_scale",
}
_OF_ADETAILER = {**_NAMES, "model classes": "labels"}
_KEY = re.compile(r"(Detail|ADetailer) (.+?)(?: (\d+)(?:st|nd|rd|th)?)?")
_ENDING = re.compile(r"\.(pt|pth|onnx|safetensors)$")
_WITHOUT_ITS_FILE = "mediapipe"
"""Detectors of ADetailer that are no files; ours finds faces in their place."""


def told(passes: Sequence[Pass]) -> dict[str, str]:
    """What a picture's parameters say."""
    values: dict[str, str] = {}
    for number, one in enumerate(passes, start=1):
        after = f" {number}" if number > 1 else ""
        for name, field in _NAMES.items():
            value = getattr(one, field)
            if value not in ("", 0) or value != Pass.model_fields[field].default:
                values[f"Detail {name}{after}"] = str(value)
    return values


def read(parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """The panel's values that parameters tell of; None where they tell of no pass."""
    passes: dict[int, dict[str, str]] = {}
    theirs = False
    for key, text in parameters.items():
        if not (match := _KEY.fullmatch(key)) or match[2] not in _OF_ADETAILER:
            continue
        theirs = theirs or match[1] == "ADetailer"
        passes.setdefault(int(match[3] or 1), {})[match[2]] = text
    found = [_pass(passes[number], theirs) for number in sorted(passes)]
    usable = [one for one in found if one is not None]
    if not usable:
        return None
    first, *more = usable
    return {"enabled": True, **first, "more": more}


def _pass(texts: Mapping[str, str], theirs: bool) -> dict[str, Any] | None:
    """None where it makes no sense, or no detector is named."""
    model = texts.get("model", "None")
    if model == "None":
        return None
    if theirs:
        named = SKIN if model.startswith(_WITHOUT_ITS_FILE) else _ENDING.sub("", model)
        texts = {**texts, "model": named}
    return read_options(Pass, _OF_ADETAILER, texts)
