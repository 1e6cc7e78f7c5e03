"""What moves the camera beside its schedules: positions in place of steps, and a shaking hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webui.timeline.expressions import parse
from webui.timeline.keyframes import Clock, number_series
from webui.timeline.native_values import evaluate
from webui.timeline.problems import Finding, FormulaError, finding, found_in

Array = npt.NDArray[np.float64]
Camera = Literal["relative", "absolute"]

_SHIFTS = ("translation_x", "translation_y", "translation_z")
_TURNS = ("angle", "rotation_3d_x", "rotation_3d_y", "rotation_3d_z")
SHAKEN = (*_SHIFTS, *_TURNS)
_SHIFT, _TURN = 0.01, 0.6
"""A hand of amplitude 1: a hundredth of the width, and degrees."""
_SWAY, _TREMOR = 0.7, 4.0
"""Hertz: a hand sways slowly and trembles a little, with power that falls as 1/f²."""
_TREMBLES = 0.15
"""Share of the trembling."""
_AHEAD = 17.3
"""Where the noise of a channel begins, so that no two are alike at frame 0."""


class Shake(BaseModel):
    """A hand that holds the camera.

    Attributes:
        amplitude: a number or a schedule; 1 sways by a hundredth of the width and half a degree.
        speed: how fast, 1 is a calm hand.
        seed: another one is another hand; the same is the same each time.
        values: a recorded hand in place of the made-up one: by the camera's schedules, where it is
            at each frame, in pixels and degrees, for an amplitude of 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    amplitude: float | str = 1.0
    speed: float = Field(default=1.0, gt=0, le=100)
    seed: int = Field(default=0, ge=0, le=2**32)
    values: Mapping[str, str | float] = {}


def moves(
    series: Mapping[str, Array], camera: Camera, shake: Shake | None, clock: Clock
) -> dict[str, Array]:
    """By schedule, how much each frame moves; only those that differ from the schedules.

    Args:
        series: the schedules at every frame.
        camera: `relative`, a schedule says how much each frame moves; `absolute`, where the camera
            is: then each frame moves by the difference to the frame before (of `zoom`: the share).
        shake: what comes on top.

    Raises:
        FormulaError: the amplitude of the hand, or what was recorded, cannot be read.
    """
    made: dict[str, Array] = {}
    if camera == "absolute":
        made = {name: _steps(series[name]) for name in SHAKEN if name in series}
        if "zoom" in series:
            zoom = series["zoom"]
            made["zoom"] = np.concatenate([zoom[:1], zoom[1:] / zoom[:-1]])
    if shake is not None:
        for name, place in hand(shake, clock).items():
            if name in series:
                made[name] = made.get(name, series[name]) + _steps(place)
    return made


def _steps(places: Array) -> Array:
    """From each frame to the next; the first one is where it begins."""
    return np.concatenate([np.zeros(min(len(places), 1)), np.diff(places)])


def hand(shake: Shake, clock: Clock) -> dict[str, Array]:
    """Where the hand is at every frame, (frames,), in pixels and degrees.

    Raises:
        FormulaError: see `moves`.
    """
    amount = number_series(str(shake.amplitude), clock)
    if shake.values:
        return {
            name: amount * number_series(str(text), clock) for name, text in shake.values.items()
        }
    seconds = np.asarray(np.arange(clock.frames) * shake.speed / clock.fps, np.float64)
    made: dict[str, Array] = {}
    for number, name in enumerate(SHAKEN):
        size = _SHIFT * clock.width if name in _SHIFTS else _TURN
        seed = shake.seed * len(SHAKEN) + number
        sway = _noise(seconds * _SWAY + _AHEAD, seed)
        tremor = _noise(seconds * _TREMOR + _AHEAD, seed + 2**33)
        made[name] = amount * size * (sway + _TREMBLES * tremor)
    return made


def _noise(x: Array, seed: int) -> Array:
    """The smooth chance of formulas, -1 to 1."""
    names = {"x": x, "seed": np.asarray(float(seed))}
    return evaluate(parse("noise(x, seed)"), names, len(x))


def shake_of(value: Mapping[str, Any], findings: list[Finding]) -> Shake | None:
    """The hand of the settings; None for none, or a finding."""
    if not value:
        return None
    try:
        shake = Shake.model_validate(dict(value))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        findings.append(finding("shake", "series_source", None, name=where, reason=first["msg"]))
        return None
    strange = sorted(shake.values.keys() - {*SHAKEN})
    if strange:
        names = ", ".join(SHAKEN)
        findings.append(finding("shake", "shake_names", None, name=strange[0], names=names))
        return None
    return shake


def moved(
    series: Mapping[str, Array], values: Mapping[str, Any], clock: Clock, findings: list[Finding]
) -> dict[str, Array]:
    """`moves` of the settings; what is wrong is added to the findings."""
    shake = shake_of(values["shake"], findings)
    try:
        return moves(series, values["camera"], shake, clock)
    except FormulaError as error:
        findings.append(found_in("shake", error))
        return {}
