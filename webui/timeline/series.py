"""All schedules of an animation at once: every number, every text, and all that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from webui.timeline import deforum_keyframes, keyframes
from webui.timeline.keyframes import Clock
from webui.timeline.masks import parse_mask
from webui.timeline.parameters import DEFORUM
from webui.timeline.parseq import Manifest
from webui.timeline.problems import Finding, FormulaError, finding, found_in
from webui.timeline.settings_file import Settings

Array = npt.NDArray[np.float64]

WHOLE = ("seed_schedule", "subseed_schedule", "steps_schedule", "clipskip_schedule")
"""Schedules that are cut to whole numbers where they are used."""
MASKS = ("mask_schedule", "noise_mask_schedule")

BOUNDS: Mapping[str, tuple[str, Callable[[Array], Any]]] = {
    "zoom": ("> 0", lambda series: series > 0),
    "aspect_ratio_schedule": ("> 0", lambda series: series > 0),
    "steps_schedule": (">= 1", lambda series: series >= 1),
    "fov_schedule": ("-180…180, not 0", lambda series: (np.abs(series) < 180) & (series != 0)),
    "perspective_flip_fv": ("0…180", lambda series: (series > 0) & (series < 180)),
}
"""What a schedule must keep to for its frames to be made."""


@dataclass
class AllSeries:
    """Parameter -> values at every frame, for those without an error."""

    series: dict[str, Array] = field(default_factory=dict[str, Array])
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    errors: list[Finding] = field(default_factory=list[Finding])
    warnings: list[Finding] = field(default_factory=list[Finding])


def evaluate_all(settings: Settings, clock: Clock, manifest: Manifest | None = None) -> AllSeries:
    """Every schedule of the settings at every frame.

    Args:
        settings: the schedules, and the mode that they are read in.
        clock: what the names in them mean.
        manifest: what takes the place of some of them.
    """
    made = AllSeries()
    deltas = settings.values["parseq_use_deltas"]
    # Deforum gives no seed to the schedules of these runs.
    seedless = manifest is not None or settings.values["animation_mode"] == "Interpolation"
    seed = -1 if seedless else clock.seed
    for name, text in _schedules(settings).items():
        try:
            series = manifest.numbers(name, deltas, clock.frames) if manifest else None
            if series is None:
                series = _numbers(name, text, settings, clock, seed, made)
        except FormulaError as error:
            parameter = "parseq_manifest" if error.code == "parseq_value" else name
            made.errors.append(found_in(parameter, error))
            continue
        if _is_usable(name, series, settings, made):
            made.series[name] = series
    for name, row in DEFORUM.items():
        if row.kind == "texts":
            _take_texts(name, settings, clock, seed, made)
    return made


def _schedules(settings: Settings) -> dict[str, str]:
    own = {name: settings.values[name] for name, row in DEFORUM.items() if row.kind == "schedule"}
    more: Mapping[str, Any] = settings.values["schedules"]
    named = {f"schedules.{name}": str(text) for name, text in more.items()}
    return {**own, **named}


def _numbers(
    name: str, text: str, settings: Settings, clock: Clock, seed: int, made: AllSeries
) -> Array:
    if settings.native or name.startswith("schedules."):  # which Deforum does not know
        return keyframes.number_series(text, clock)
    series = deforum_keyframes.number_series(text, clock.frames, seed)
    if name in settings.given:
        _warn_of_late_keys(name, text, clock.frames, seed, made)
    return series


def _warn_of_late_keys(name: str, text: str, frames: int, seed: int, made: AllSeries) -> None:
    keys = deforum_keyframes.read_keys(text, frames, seed)
    late = sorted(frame for frame in keys if frame >= frames)
    if late:
        position = keys[late[0]].position
        told = {"frame": late[0], "last": frames - 1}
        made.warnings.append(finding(name, "schedule_late", position, **told))


def _is_usable(name: str, series: Array, settings: Settings, made: AllSeries) -> bool:
    """Whether a series can be used; told if it cannot, or in Deforum's mode if it is doubtful."""
    infinite = np.flatnonzero(~np.isfinite(series))
    if len(infinite):
        frame = int(infinite[0])
        told = {"frame": frame, "value": str(float(series[frame]))}
        problem = finding(name, "formula_not_finite", 0, **told)
        if name in WHOLE:
            made.errors.append(problem)
            return False
        made.warnings.append(problem)
    clamped = name == "steps_schedule" and not settings.native  # `limits` tells of it
    if name in BOUNDS and not clamped:
        wanted, fits = BOUNDS[name]
        wrong = np.flatnonzero(~fits(series))
        if len(wrong):
            frame = int(wrong[0])
            told = {"frame": frame, "value": f"{series[frame]:.6g}", "wanted": wanted}
            problem = finding(name, "schedule_bounds", 0, **told)
            (made.errors if settings.native else made.warnings).append(problem)
            return not settings.native
    return True


def _take_texts(name: str, settings: Settings, clock: Clock, seed: int, made: AllSeries) -> None:
    text = settings.values[name]
    try:
        if settings.native:
            made.texts[name] = keyframes.text_series(text, clock)
            expressions = [(key.text, key.position) for key in keyframes.read_keys(text, clock)]
        else:
            made.texts[name] = deforum_keyframes.text_series(text, clock.frames, seed)
            keys = deforum_keyframes.read_keys(text, clock.frames, seed).values()
            expressions = [(key.bare, key.position + _opening(key.text)) for key in keys]
    except FormulaError as error:
        made.errors.append(found_in(name, error))
        return
    for expression, position in expressions if name in MASKS else ():
        try:
            parse_mask(expression, dangling=not settings.native)
        except FormulaError as error:
            offset = min(position + error.position, len(text)) - error.position
            told = made.errors if _is_masked(name, settings) else made.warnings
            told.append(found_in(name, error, offset))


def _is_masked(name: str, settings: Settings) -> bool:
    switches = ("use_mask", "use_noise_mask") if name == MASKS[0] else ("use_noise_mask",)
    return any(settings.values[switch] for switch in switches)


def _opening(text: str) -> int:
    """How many quotes and brackets a text begins with."""
    return len(text) - len(text.lstrip("\"'("))
