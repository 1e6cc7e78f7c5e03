"""What an animation's settings say about the film that is made of its frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from webui.timeline.footage import CLIP, uses_clip
from webui.timeline.problems import Finding, finding

SOUNDTRACK = "soundtrack_path"
_SOUNDS: Mapping[str, Literal["none", "file", "clip"]] = {"File": "file", "Init Video": "clip"}
FASTEST = 240.0
"""Pictures a second that a film can have; the plan tells of settings that ask for more."""
_OWN_FLOW = "None"
_LEFT_OUT: Mapping[str, str] = {
    "delete_imgs": "output_kept",
    "delete_input_frames": "output_kept",
    "tiling": "output_left_out",
    "restore_faces": "output_faces",
    "motion_preview_mode": "output_preview",
    "resume_from_timestring": "output_resume",
}
"""Switches that do nothing here, and the sentence that says so."""


@dataclass(frozen=True)
class Wishes:
    """Values for a request for a film.

    Attributes:
        fps: pictures a second of the frames.
        soundtrack: see `webui.core.film.Film`.
        interpolate: so many times as many pictures.
        slow: so many times as long.
        engine: what is to draw the pictures between, as Deforum calls it; None for none.
    """

    fps: float
    soundtrack: Literal["none", "file", "clip"]
    interpolate: int
    slow: float
    engine: str | None


def wishes(values: Mapping[str, Any]) -> Wishes:
    """What the settings mean, in today's names (see `webui.timeline.settings_file`)."""
    between = values["frame_interpolation_engine"] != _OWN_FLOW
    slowed = between and values["frame_interpolation_slow_mo_enabled"]
    return Wishes(
        fps=min(float(values["fps"]), FASTEST),
        soundtrack=_SOUNDS.get(str(values["add_soundtrack"]), "none"),
        interpolate=int(_times(values["frame_interpolation_x_amount"])) if between else 1,
        slow=_times(values["frame_interpolation_slow_mo_amount"]) if slowed else 1.0,
        engine=str(values["frame_interpolation_engine"]) if between else None,
    )


def _times(value: float) -> float:
    """Of a number of times what a film can do; the plan tells of one that is unusual."""
    return min(max(float(value), 1.0), 10.0)


def silent(values: Mapping[str, Any], has: Callable[[str, str], bool]) -> Finding | None:
    """A warning where the settings want a sound that is not there; None for none.

    has: whether there is a file for a setting, by the setting and what it says.
    """
    parameter = {"file": SOUNDTRACK, "clip": CLIP}.get(wishes(values).soundtrack)
    if parameter is None:
        return None
    name = str(values[parameter] or "")
    return None if has(parameter, name) else finding(parameter, "output_silent", name=name or "–")


def unmet(values: Mapping[str, Any]) -> Iterator[Finding]:
    """What is done in another way, or not at all: worth knowing, no error."""
    engine = str(values["frame_interpolation_engine"])
    if engine != _OWN_FLOW:
        yield finding("frame_interpolation_engine", "output_flow", engine=engine)
    if values["color_coherence"] == "Video Input" and not uses_clip(values):
        yield finding("color_coherence", "output_no_clip")
    if values["hybrid_generate_human_masks"] != "None":
        yield finding("hybrid_generate_human_masks", "output_left_out")
    if values["r_upscale_video"]:
        yield finding("r_upscale_video", "output_no_upscaling")
    if values["make_gif"]:
        yield finding("make_gif", "output_gif")
    for name, code in _LEFT_OUT.items():
        if values[name]:
            yield finding(name, code)
