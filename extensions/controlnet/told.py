"""Units in a picture's parameters, as A1111's ControlNet extension writes and reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from .units import NO_PREPROCESSOR, Unit

_KEY = re.compile(r"ControlNet (\d{1,2})")
_PAIR = re.compile(r"\s*(\w[\w /]*): ([^,]*)(?:,|$)")
_HASH = re.compile(r" \[[0-9a-fA-F]{4,64}\]$")
_FITS = {"just_resize": "Just Resize", "crop": "Crop and Resize", "fill": "Resize and Fill"}
_MODES = {
    "balanced": "Balanced",
    "prompt": "My prompt is more important",
    "control": "ControlNet is more important",
}
_PASSES = {"both": "Both", "first": "Low res only", "second": "High res only"}
_UNION = (
    *("OpenPose", "Depth", "Soft Edge", "Hard Edge"),
    *("Normal Map", "Segmentation", "Tile", "Inpaint"),
)
"""What A1111's extension calls the kinds of maps of a union for SDXL, by their numbers."""
_USUAL_RESOLUTION = 512
_THRESHOLDS: Mapping[str, tuple[str, ...]] = {
    "canny": ("low", "high"),
    "threshold": ("threshold",),
    "scribble_xdog": ("threshold",),
    "tile_resample": ("factor",),
    "blur_gaussian": ("sigma",),
    "recolor_luminance": ("gamma",),
    "recolor_intensity": ("gamma",),
}
"""Options that are called `Threshold A` and `Threshold B` there."""
_LETTERS = ("Threshold A", "Threshold B")
REFERENCE = "reference_"
"""How modules of A1111's extension begin that are the extension Reference here."""
_INPAINTING = ("inpaint_only", "inpaint_only+lama", "inpaint_global_harmonious")
"""Show the network the same map; what else they do is inpainting's own part here."""


def told(unit: Unit, name: str, hash: str | None) -> str:
    """One unit. `name`, `hash`: of its network; empty where it has none."""
    values: dict[str, object] = {
        "Module": unit.preprocessor,
        "Model": (f"{name} [{hash}]" if hash else name) or "None",
        "Made By": unit.made_by or None,
        "Weight": unit.weight,
        "Resize Mode": _FITS[unit.resize_mode],
        "Processor Res": unit.resolution or _USUAL_RESOLUTION,
        **_options(unit),
        "Guidance Start": unit.start,
        "Guidance End": unit.end,
        "Pixel Perfect": unit.resolution is None,
        "Control Mode": _MODES[unit.mode],
        "Hr Option": _PASSES[unit.passes] if unit.passes != "both" else None,
        "Control Type": unit.control_type,
        "Low VRAM": True if unit.low_memory else None,
    }
    return ", ".join(f"{name}: {value}" for name, value in values.items() if value is not None)


def _options(unit: Unit) -> dict[str, object]:
    """Options by A1111's names, or by their own; texts that would break the line are left out."""
    letters = dict(zip(_THRESHOLDS.get(unit.preprocessor, ()), _LETTERS, strict=False))
    simple = (bool, int, float, str)
    return {
        letters.get(name, name): value
        for name, value in unit.options.items()
        if isinstance(value, simple) and not re.search(r"[,:\n]", str(value))
    }


def read(parameters: Mapping[str, str]) -> list[Unit]:
    """The units that a picture's parameters tell of, in order; pictures are not among them."""
    found = [
        (int(match[1]), _unit(text))
        for key, text in parameters.items()
        if (match := _KEY.fullmatch(key))
    ]
    return [unit for _, unit in sorted(found, key=lambda one: one[0]) if unit is not None]


def _unit(text: str) -> Unit | None:
    """None where it makes no sense."""
    pairs = {name.lower(): value.strip() for name, value in _PAIR.findall(text)}
    taken = {name: pairs.pop(name) for name in tuple(pairs) if name in _READ}
    if "module" not in taken and "model" not in taken:
        return None
    if taken.get("module", "").startswith(REFERENCE):
        return None
    values: dict[str, Any] = {}
    for name, value in taken.items():
        field, meaning = _READ[name]
        values[field] = meaning(value)
    if taken.get("pixel perfect") == "True":
        values["resolution"] = None
    letters = _THRESHOLDS.get(values.get("preprocessor", ""), ())
    own = {letter.lower(): name for name, letter in zip(letters, _LETTERS, strict=False)}
    values["options"] = {
        own.get(name, name): _simple(value)
        for name, value in pairs.items()
        if name in own or name not in _FOREIGN
    }
    try:
        return Unit.model_validate({key: one for key, one in values.items() if one is not None})
    except ValidationError:
        return None


def _simple(text: str) -> bool | int | float | str:
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _preprocessor(text: str) -> str:
    name = re.sub(r" \(.*\)$", "", text)  # "invert (from white bg & black line)"
    if name in _INPAINTING:
        return "inpaint"
    return NO_PREPROCESSOR if name in ("None", "") else name


def _model(text: str) -> str | None:
    return None if text == "None" else _HASH.sub("", text)


def _meant(words: Mapping[Any, str]) -> Any:
    meanings = {word: name for name, word in words.items()}
    return lambda text: meanings.get(text)


_READ: Mapping[str, tuple[str, Any]] = {
    "module": ("preprocessor", lambda text: _preprocessor(text)),
    "model": ("model", _model),
    "made by": ("made_by", _preprocessor),
    "weight": ("weight", _simple),
    "resize mode": ("resize_mode", _meant(_FITS)),
    "processor res": ("resolution", lambda text: _number(text)),
    "guidance start": ("start", _simple),
    "guidance end": ("end", _simple),
    "pixel perfect": ("", lambda text: None),
    "control mode": ("mode", _meant(_MODES)),
    "hr option": ("passes", _meant(_PASSES)),
    "control type": ("control_type", lambda text: _number(text)),
    "union control type": ("control_type", _meant(dict(enumerate(_UNION)))),
    "low vram": ("low_memory", lambda text: text == "True"),
}
_FOREIGN = frozenset(
    {"threshold a", "threshold b", "save detected map", "input mode", "batch images", "enabled"}
    | {"use preview as input", "effective region mask", "advanced weighting"}
)
"""What that extension writes and nothing here means."""


def _number(text: str) -> int | None:
    """None where it is no number that a unit may have (-1: none was chosen)."""
    return int(text) if re.fullmatch(r"\d{1,5}", text) and int(text) >= 0 else None
