"""Parseq's manifests: a value for each frame, which takes the place of Deforum's schedules."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from webui.timeline.parameters import CONTROLNET_UNITS, DEFORUM
from webui.timeline.problems import FormulaError
from webui.timeline.setting_values import MAX_FRAMES
from webui.timeline.splines import fill_gaps

Array = npt.NDArray[np.float64]

MOTION = tuple(
    name
    for name, row in DEFORUM.items()
    if row.group == "motion" and row.kind == "schedule" and not name.startswith("transform_center")
)
"""Parameters with a field `<name>_delta` besides `<name>`: the movement from frame to frame."""

FIELDS: Mapping[str, str] = {
    **{name: name for name in MOTION},
    "noise_schedule": "noise",
    "strength_schedule": "strength",
    "cfg_scale_schedule": "scale",
    "contrast_schedule": "contrast",
    "seed_schedule": "seed",
    "subseed_schedule": "subseed",
    "subseed_strength_schedule": "subseed_strength",
    "fov_schedule": "fov",
    "near_schedule": "near",
    "far_schedule": "far",
    "image_strength_schedule": "strength",
    **{
        f"{name}_schedule": f"antiblur_{name}"
        for name in ("amount", "kernel", "sigma", "threshold")
    },
    **{
        name: name.removesuffix("_schedule")
        for name in DEFORUM
        if name.startswith(("hybrid_comp_", "hybrid_flow_")) and name.endswith("_schedule")
    },
    **{
        f"cn_{unit}_{name}": f"cn_{unit}_{name}"
        for unit in range(1, CONTROLNET_UNITS + 1)
        for name in ("weight", "guidance_start", "guidance_end")
    },
    **{
        name: f"guided_{name.removesuffix('_schedule')}"
        for name in (
            "blendFactorMax",
            "blendFactorSlope",
            "tweening_frames_schedule",
            "color_correction_factor",
        )
    },
}
"""Parameter -> field of a manifest."""
PROMPT = "deforum_prompt"

_ADDRESS = re.compile(r"\s*https?://", re.IGNORECASE)


@dataclass(frozen=True)
class Manifest:
    """What a manifest says.

    Attributes:
        rendered: frame -> its fields; not empty.
        fps, cadence: its options, None where it has none.
    """

    rendered: Mapping[int, Mapping[str, Any]]
    fps: float | None = None
    cadence: int | None = None

    @property
    def frames(self) -> int:
        """How many frames it describes."""
        return max(self.rendered) + 1

    def manages(self, field: str) -> bool:
        """Whether it has a field; Parseq gives the first frame all that it has."""
        return self.rendered[min(self.rendered)].get(field) is not None

    def numbers(self, parameter: str, deltas: bool, frames: int) -> Array | None:
        """A parameter's value at every frame, (frames,); None if the manifest has none.

        Behind its last frame the manifest's last value holds.

        Raises:
            FormulaError: a value is no number.
        """
        field = FIELDS.get(parameter)
        if field is None:
            return None
        if deltas and parameter in MOTION:
            field = f"{field}_delta"
        if not self.manages(field):
            return None
        series = np.full(frames, np.nan)
        for frame, value in self._fields(field):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise FormulaError("parseq_value", 0, field=field, frame=frame)
            if frame < frames:
                series[frame] = value
        return fill_gaps(series)

    def texts(self, field: str, frames: int) -> list[str]:
        """A field of texts at every frame, each until the next."""
        held = ""
        texts: list[str] = []
        for frame in range(frames):
            value = self.rendered.get(frame, {}).get(field)
            held = value if isinstance(value, str) else held
            texts.append(held)
        return texts

    def _fields(self, field: str) -> list[tuple[int, Any]]:
        return [
            (frame, self.rendered[frame][field])
            for frame in sorted(self.rendered)
            if field in self.rendered[frame]
        ]


def read_manifest(text: str) -> Manifest:
    """Read a manifest, the JSON that Parseq renders.

    Raises:
        FormulaError: it is none, or an address: nothing is fetched.
    """
    if _ADDRESS.match(text):
        raise FormulaError("parseq_address", 0)
    try:
        loaded: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise FormulaError("parseq_json", error.pos) from None
    except (ValueError, RecursionError):
        raise FormulaError("parseq_json", 0) from None
    manifest = cast(dict[str, Any], loaded) if isinstance(loaded, dict) else {}
    rendered = manifest.get("rendered_frames")
    if not isinstance(rendered, list) or not rendered:
        raise FormulaError("parseq_frames", 0)
    frames: dict[int, Mapping[str, Any]] = {}
    for row in cast(list[Any], rendered):
        frame: Any = cast(Any, row).get("frame") if isinstance(row, dict) else None
        if type(frame) is not int or not 0 <= frame < MAX_FRAMES:
            raise FormulaError("parseq_frames", 0)
        frames[frame] = cast(dict[str, Any], row)
    options = manifest.get("options")
    told = cast(dict[str, Any], options) if isinstance(options, dict) else {}
    fps, cadence = _positive(told.get("output_fps")), _positive(told.get("cadence"))
    return Manifest(frames, fps, None if cadence is None else max(int(cadence), 1))


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < 1e6 else None
