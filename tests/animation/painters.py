"""Painters that need no model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from webui.animation.stage import ALONE, Array, Given, Stage
from webui.motion.pictures import to_levels
from webui.timeline.frames import FramePlan
from webui.timeline.plan import Plan, plan_of
from webui.timeline.settings_file import settings_of


@dataclass
class Mixer:
    """Mixes a picture with a colour of the seed's, as in the recorded runs, or leaves it as it is.

    Attributes:
        given: what each frame began with, as whole levels.
    """

    first: Array
    identity: bool = False
    given: list[Array | None] = field(default_factory=list[Array | None])
    frames: list[int] = field(default_factory=list[int])
    with_: list[Given] = field(default_factory=list[Given])
    seeds: list[int] = field(default_factory=list[int])

    def __call__(
        self, frame: FramePlan, picture: Array | None, given: Given = ALONE, /
    ) -> tuple[Array, Any]:
        levels = None if picture is None else to_levels(picture)
        self.given.append(levels)
        self.with_.append(given)
        self.seeds.append(frame.seed)
        self.frames.append(frame.frame)
        if levels is None or frame.denoising_strength is None:
            return self.first, None
        if self.identity:
            return levels, None
        colour = np.array([37, 73, 109]) * frame.seed % 256
        drawn = frame.denoising_strength
        return np.floor(levels * (1 - drawn) + colour * drawn + 0.5).astype(np.uint8), None


def plan(**values: Any) -> Plan:
    made = plan_of(
        settings_of({"compat": "native", "prompts": {"0": "a cat"}, "seed": 3, **values})
    )
    assert made.ok, made.errors
    return made


def picture(height: int = 48, width: int = 64, seed: int = 0) -> Array:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def stage(made: Plan, paint: Any, **more: Any) -> Stage:
    return Stage(plan=made, paint=paint, size=made.size, **more)
