"""The pictures and films that an animation's settings name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from webui.timeline.masks import Term, parse_mask, terms
from webui.timeline.parameters import CONTROLNET_UNITS
from webui.timeline.problems import FormulaError

Kind = Literal["picture", "film", "either"]

INIT, CLIP, MASK, MASK_CLIP = "init_image", "video_init_path", "mask_file", "video_mask_path"
DEPTH = "depth_source"
COLOURS, GUIDES = "color_coherence_image_path", "init_images"
_EXPRESSIONS = ("mask_schedule", "noise_mask_schedule")
_CAMERAS = ("2D", "3D")


@dataclass(frozen=True)
class Needed:
    """A file that the settings name.

    Attributes:
        parameter: the setting; of a table's entry with its key, as `init_images.30`; of a mask's
            `[file]` that name in its brackets.
        name: the path or name that it says; empty where it says none.
        kind: what the file has to be.
        mask: the setting whose expression has the `[file]`; None for others.
    """

    parameter: str
    name: str
    kind: Kind
    mask: str | None = None

    @property
    def setting(self) -> str:
        """The setting that names it."""
        return self.mask or self.parameter


def needed(values: Mapping[str, Any], masks: Mapping[str, tuple[str, ...]] = {}) -> list[Needed]:
    """What an animation cannot be made without, once each.

    Args:
        values: the settings.
        masks: the evaluated schedules of masks.
    """
    found = [*_by_parameter(values), *_in_masks(values, masks)]
    return list(dict.fromkeys(found))


def is_hybrid(values: Mapping[str, Any]) -> bool:
    """Whether pictures move as a clip does, or are mixed with it."""
    mixes = values["hybrid_motion"] != "None" or values["hybrid_composite"] != "None"
    return mixes and values["animation_mode"] in _CAMERAS


def uses_clip(values: Mapping[str, Any]) -> bool:
    """Whether the frames come from a clip, one for one."""
    if values["animation_mode"] == "Video Input":
        return True
    first = values["hybrid_generate_inputframes"] and values["animation_mode"] in _CAMERAS
    return bool(is_hybrid(values) or first)


def file_of(files: Mapping[str, str], parameter: str, name: str) -> str | None:
    """What was sent for a setting: under its own name, or under what it says."""
    return files.get(parameter) or (files.get(name) if name else None)


def chosen(values: Mapping[str, Any], frames: int) -> range:
    """Which pictures of a clip are taken (`extract_from_frame`, `extract_to_frame`, -1 for the end,
    and `extract_nth_frame`).

    frames: how many the clip has.
    """
    first, last = values["extract_from_frame"], values["extract_to_frame"]
    end = frames if last < 0 else min(last + 1, frames)
    return range(max(first, 0), end, max(values["extract_nth_frame"], 1))


def length(
    values: Mapping[str, Any], files: Mapping[str, str], frames_of: Callable[[str], int | None]
) -> int | None:
    """How many frames the clips of an animation give it; None where it has none, or is not told.

    Args:
        files: what was sent, see `file_of`.
        frames_of: how many pictures a sent film has; None if it is none.
    """
    clips = [CLIP] if uses_clip(values) else []
    clips += [MASK_CLIP] if values["use_mask_video"] else []
    for parameter in reversed(clips):  # where there are two, the masks' counts, as in Deforum
        sent = file_of(files, parameter, str(values[parameter] or ""))
        count = frames_of(sent) if sent else None
        if count is not None:
            return len(chosen(values, count))
    return None


def _by_parameter(values: Mapping[str, Any]) -> Iterator[Needed]:
    for used, parameter in (
        (values["use_init"] or (values["use_mask"] and values["use_alpha_as_mask"]), INIT),
        (values["use_mask"] and not values["use_alpha_as_mask"], MASK),
        (values["color_coherence"] == "Image", COLOURS),
    ):
        if used and not (values["use_mask_video"] and parameter == MASK):
            yield Needed(parameter, str(values[parameter] or ""), "picture")
    if uses_clip(values):
        yield Needed(CLIP, str(values[CLIP] or ""), "film")
    if values["use_mask_video"]:
        yield Needed(MASK_CLIP, str(values[MASK_CLIP] or ""), "film")
    if values[DEPTH] and values["animation_mode"] in _CAMERAS:
        yield Needed(DEPTH, str(values[DEPTH]), "either")
    for unit in range(1, CONTROLNET_UNITS + 1):
        for name in (f"cn_{unit}_vid_path", f"cn_{unit}_mask_vid_path"):
            if values[f"cn_{unit}_enabled"] and values[name]:
                yield Needed(name, str(values[name]), "either")
    if values["use_looper"]:
        for key, name in values[GUIDES].items():
            yield Needed(f"{GUIDES}.{key}", str(name), "picture")


def words_of(
    values: Mapping[str, Any], masks: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, str]]:
    """Setting and words of each `<words>` in masks that are used.

    masks: the evaluated schedules of masks.
    """
    return [(name, term.value) for name, term in _terms(values, masks) if term.kind == "words"]


def _in_masks(values: Mapping[str, Any], masks: Mapping[str, tuple[str, ...]]) -> Iterator[Needed]:
    for parameter, term in _terms(values, masks):
        if term.kind == "file":
            yield Needed(term.value, term.value, "picture", parameter)


def _terms(
    values: Mapping[str, Any], masks: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, Term]]:
    used = (values["use_mask"] or values["use_mask_video"], values["use_noise_mask"])
    for parameter, is_used in zip(_EXPRESSIONS, used, strict=True):
        for text in dict.fromkeys(masks.get(parameter, ()) if is_used else ()):
            try:
                named = terms(parse_mask(text, dangling=True))
            except FormulaError:  # told by the plan
                continue
            for term in named:
                yield parameter, term
