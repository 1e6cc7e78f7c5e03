"""Deforum's order of operations for a frame, from this package's parts, with a made-up generator.

As in the recorded runs: a picture is mixed with a colour of the seed's, or stays as it is; the
depth is a formula.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.golden import golden
from webui.motion.color import deforum_matched, space_of
from webui.motion.flow import estimated, moved_by
from webui.motion.moves import motion_of, moved
from webui.motion.noise import Grain, deforum_noised
from webui.motion.pictures import to_levels
from webui.motion.sharpen import Unsharp, deforum_contrast, deforum_grey, deforum_sharpened
from webui.motion.tween import Fade, Held
from webui.timeline.plan import Plan, plan_of
from webui.timeline.settings_file import settings_of


def recorded(name: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A recorded run and its pictures, by `frame_004`, `init_001` …"""
    runs = json.loads(golden("deforum/pipeline.json").read_text(encoding="utf-8"))["cases"]
    with np.load(golden("deforum/pipeline.npz"), allow_pickle=False) as data:
        pictures = {
            key.removeprefix(f"{name}__"): data[key]
            for key in data.files
            if key.startswith(f"{name}__") or "__" not in key
        }
    return runs[name], pictures


@dataclass
class Run:
    """One run; `pictures` are filled in like those recorded."""

    record: dict[str, Any]
    first_frame: np.ndarray

    def __post_init__(self) -> None:
        changed = self.record["settings_changed_from_default"]
        values = {"animation_mode": "3D", "legacy_colormatch": False, **changed}
        self.plan: Plan = plan_of(settings_of({**values, "compat": "deforum-3"}))
        self.pictures: dict[str, np.ndarray] = {}
        self.seed = self.plan.start_seed
        self.reference: np.ndarray | None = None

    def at(self, schedule: str, frame: int) -> float:
        return float(self.plan.series[schedule][frame])

    def move(self, picture: np.ndarray, frame: int) -> np.ndarray:
        return moved(picture, motion_of(self.plan, frame), self.depth(picture))

    def depth(self, picture: np.ndarray) -> np.ndarray | None:
        if not (self.plan.mode == "3D" and self.plan.value("use_depth_warping")):
            return None
        height, width = picture.shape[:2]
        y, x = np.mgrid[:height, :width]
        made = 5 + 10 * x / (width - 1) + 5 * np.sin(np.pi * y / (height - 1))
        return made.astype(np.float32)

    def go(self) -> None:
        cadence, made = self.plan.cadence, None
        previous = following = None
        for number, frame in enumerate(range(0, self.plan.frames, cadence)):
            if following is not None:
                fade, made = self.tween(previous, following, frame, cadence)
                previous, following = fade.previous, fade.following
            made = self.first_frame if made is None else self.redrawn(made, frame, number)
            made = self.coloured(made, frame)
            self.seed += 1
            if cadence == 1:
                self.pictures[f"frame_{frame:03}"] = made
            else:
                previous, following = following, Held(made, frame)

    def tween(
        self, previous: Held | None, following: Held, frame: int, cadence: int
    ) -> tuple[Fade, np.ndarray]:
        first = frame - cadence
        fade, made = Fade(previous, following, first, cadence), following.picture
        method = self.plan.value("optical_flow_cadence")
        if method != "None" and previous is not None and self.at("strength_schedule", first) > 0:
            flow = estimated(previous.picture, following.picture, method) / np.float32(2)
            fade = replace(
                fade,
                following=replace(following, picture=moved_by(following.picture, flow, -1)),
                flow=flow,
                factor=self.at("cadence_flow_factor_schedule", frame),
            )
        for between in range(first, frame):
            fade, made = fade.step(between, self.move, self.move)
            self.pictures[f"frame_{between:03}"] = to_levels(made)
        return fade, made

    def redrawn(self, picture: np.ndarray, frame: int, number: int) -> np.ndarray:
        picture = to_levels(self.move(picture, frame))
        if self.space and self.reference is None:
            self.reference = picture
        picture = self.grey(self.matched(picture))
        picture = deforum_contrast(picture, self.at("contrast_schedule", frame))
        names = ("kernel", "sigma", "amount", "threshold")
        kernel, *others = (self.at(f"{name}_schedule", frame) for name in names)
        picture = deforum_sharpened(picture, Unsharp(int(kernel), *others))
        value: Callable[[str], Any] = self.plan.value
        octaves, persistence = value("perlin_octaves"), value("perlin_persistence")
        grain = Grain(value("noise_type"), 8, 8, octaves, persistence)
        amount = self.at("noise_schedule", frame)
        picture = deforum_noised(picture[..., ::-1], amount, self.seed, grain)[..., ::-1]
        self.pictures[f"init_{number:03}"] = picture
        if self.record["generator"] == "identity":
            return picture
        drawn = 1 - min(max(self.at("strength_schedule", frame), 0), 1)
        colour = np.array([37, 73, 109]) * self.seed % 256
        return np.floor(picture * (1 - drawn) + colour * drawn + 0.5).astype(np.uint8)

    @property
    def space(self):
        return space_of(self.plan.value("color_coherence"))

    def coloured(self, picture: np.ndarray, frame: int) -> np.ndarray:
        legacy = self.plan.value("legacy_colormatch")
        if frame and not legacy:
            picture = self.matched(picture)
        picture = self.grey(picture)
        begins = self.reference is None and not legacy
        if begins or (legacy and self.at("strength_schedule", frame) == 0):
            self.reference = picture
        return picture

    def grey(self, picture: np.ndarray) -> np.ndarray:
        return deforum_grey(picture) if self.plan.value("color_force_grayscale") else picture

    def matched(self, picture: np.ndarray) -> np.ndarray:
        """Deforum hands over BGR."""
        if not self.space or self.reference is None:
            return picture
        swapped = deforum_matched(picture[..., ::-1], self.reference[..., ::-1], self.space)
        return swapped[..., ::-1]
