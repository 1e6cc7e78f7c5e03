"""The units of ControlNet in Deforum's settings (`cn_1_…`), as the extension takes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webui.core.animation import Animation
from webui.core.errors import Problem, UserError
from webui.core.scheduled import marker
from webui.library.catalog import Catalog
from webui.timeline.footage import file_of
from webui.timeline.parameters import CONTROLNET_UNITS
from webui.timeline.settings_file import settings_of

EXTENSION = "controlnet"
_HASH = re.compile(r"\s*\[[0-9a-fA-F]+\]$")
_NONE = ("", "none")
_FITS = {
    "Outer Fit (Shrink to Fit)": "fill",
    "Inner Fit (Scale to Fit)": "crop",
    "Just Resize": "just_resize",
}
_MODES = {
    "Balanced": "balanced",
    "My prompt is more important": "prompt",
    "ControlNet is more important": "control",
}
_THRESHOLDS: Mapping[str, tuple[str, ...]] = {
    "canny": ("low", "high"),
    "threshold": ("threshold",),
    "scribble_xdog": ("threshold",),
}
"""What `threshold_a` and `threshold_b` mean to preprocessors."""


@dataclass(frozen=True)
class Around:
    """What units are looked up in.

    Attributes:
        on: the extensions that are on.
        preprocessors: their names; empty where they are not known yet.
    """

    catalog: Catalog
    on: Collection[str]
    preprocessors: Collection[str] = ()


def with_units(request: Animation, around: Around) -> tuple[Animation, list[Problem]]:
    """The request with the units of its settings as values of the extension, if it has none of its
    own; and the units that cannot be, which are left out."""
    if EXTENSION in request.extensions:
        return request, []
    values = settings_of(request.settings).values
    units: list[Mapping[str, Any]] = []
    problems: list[Problem] = []
    for number in range(1, CONTROLNET_UNITS + 1):
        if values[f"cn_{number}_enabled"]:
            try:
                units.append(_unit(_One(number, values), request.files, around))
            except UserError as error:
                problems.append(error.problem)
    if not units:
        return request, problems
    extensions = {**request.extensions, EXTENSION: {"units": units}}
    return request.with_(extensions=extensions), problems


@dataclass(frozen=True)
class _One:
    """A unit's settings by their names without its own."""

    number: int
    values: Mapping[str, Any]

    def name(self, name: str) -> str:
        return f"cn_{self.number}_{name}"

    def __getitem__(self, name: str) -> Any:
        return self.values[self.name(name)]


def _unit(one: _One, files: Mapping[str, str], around: Around) -> dict[str, Any]:
    """A unit as the extension takes it.

    Raises:
        UserError: it has to be left out.
    """
    if EXTENSION not in around.on:
        raise _left_out("unit_no_extension", one, "enabled")
    module = str(one["module"] or "").strip()
    known = {name.casefold(): name for name in around.preprocessors}
    if around.preprocessors and module.casefold() not in (*known, *_NONE):
        raise _left_out("unit_no_preprocessor", one, "module", name=module)
    module = "none" if module.casefold() in _NONE else known.get(module.casefold(), module)
    resolution = None if one["pixel_perfect"] else int(min(max(one["processor_res"], 64), 2048))
    return {
        "model": _model(one, around),
        "preprocessor": module,
        "options": dict(_options(one, module)),
        "weight": _schedule(one, "weight"),
        "start": _schedule(one, "guidance_start"),
        "end": _schedule(one, "guidance_end"),
        "resolution": resolution,
        "resize_mode": _FITS.get(one["resize_mode"], "crop"),
        "mode": _MODES.get(one["control_mode"], "balanced"),
        "low_memory": bool(one["low_vram"]),
        **dict(_pictures(one, files)),
    }


def _model(one: _One, around: Around) -> str:
    name = _HASH.sub("", str(one["model"] or "").strip())
    found = around.catalog.find(EXTENSION, name) if name.casefold() not in _NONE else None
    if found is None or found.problem is not None:
        raise _left_out("unit_no_model", one, "model", name=name or "None")
    return found.name


def _options(one: _One, module: str) -> Iterator[tuple[str, int]]:
    values = (one["threshold_a"], one["threshold_b"])
    for name, value in zip(_THRESHOLDS.get(module, ()), values, strict=False):
        yield name, round(min(max(value, 1), 64 if module == "scribble_xdog" else 255))


def _schedule(one: _One, name: str) -> dict[str, Any]:
    return marker(str(one[name]), series=one.name(name))


def _pictures(one: _One, files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What leads, and where; without, the picture that the frame begins with (`loopback_mode`)."""
    for field, name in (("image", "vid_path"), ("mask", "mask_vid_path")):
        sent = file_of(files, one.name(name), str(one[name] or ""))
        if sent and not (field == "image" and one["loopback_mode"]):
            yield field, sent


def _left_out(code: str, one: _One, setting: str, **values: str) -> UserError:
    parameter = one.name(setting)
    return UserError(code, f"settings.{parameter}", parameter=parameter, **values)
