"""What the generator takes of a frame's numbers, and warnings where they are brought to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from webui.timeline.problems import Finding, finding

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Limit:
    """The least and the largest number that is used as it is."""

    low: float
    high: float

    def of(self, value: float) -> float:
        """The number that is used."""
        return min(max(value, self.low), self.high)


STEPS, GUIDANCE, CLIP_SKIP = Limit(1, 150), Limit(1, 30), Limit(0, 12)
IMAGE_GUIDANCE, NOISE_MULTIPLIER = Limit(0, 3), Limit(0, 1.5)
SHARE = Limit(0, 1)

_SCHEDULES: Mapping[str, tuple[Limit, str | None]] = {
    "steps_schedule": (STEPS, "enable_steps_scheduling"),
    "cfg_scale_schedule": (GUIDANCE, None),
    "pix2pix_img_cfg_scale_schedule": (IMAGE_GUIDANCE, None),
    "noise_multiplier_schedule": (NOISE_MULTIPLIER, "enable_noise_multiplier_scheduling"),
    "clipskip_schedule": (CLIP_SKIP, "enable_clipskip_scheduling"),
    "subseed_strength_schedule": (SHARE, "enable_subseed_scheduling"),
    "strength_schedule": (SHARE, None),
}
"""What keeps to which limit, and the setting without which it is not used."""
_SHOWN = "{:.6g}".format


def clamps(values: Mapping[str, Any], series: Mapping[str, Array]) -> Iterator[Finding]:
    """A warning for each number of the settings that is not used as it is, once each.

    Args:
        values: the settings.
        series: their schedules at every frame; those with errors are missing.
    """
    if not values["enable_steps_scheduling"] and STEPS.of(values["steps"]) != values["steps"]:
        yield finding("steps", "value_clamped", None, **_told(values["steps"], STEPS))
    for name, (limit, switch) in _SCHEDULES.items():
        if name not in series or (switch and not values[switch]):
            continue
        finite = np.nan_to_num(series[name], nan=limit.low, posinf=np.inf, neginf=-np.inf)
        wrong = np.flatnonzero((finite < limit.low) | (finite > limit.high))
        if len(wrong):
            frame = int(wrong[0])
            told = _told(float(finite[frame]), limit)
            yield finding(name, "schedule_clamped", None, frame=frame, **told)


def _told(value: float, limit: Limit) -> dict[str, str]:
    numbers = {"value": value, "limit": limit.of(value), "low": limit.low, "high": limit.high}
    return {name: _SHOWN(number) for name, number in numbers.items()}
