"""Animation: frames by schedules, and a film of them."""

from __future__ import annotations

from typing import Any

from webui.core.animation import Animation
from webui.core.film import Film
from webui.core.form_fields import fields_of
from webui.timeline.parameter import Parameter
from webui.timeline.parameters import PARAMETERS
from webui.ui.parts.own import own

NUMBERS = "max_frames fps W H steps diffusion_cadence seed".split()
CHOICES = (
    "animation_mode",
    "color_coherence",
    "optical_flow_cadence",
    "border",
    "camera",
    "diffuse",
)
SCHEDULES = (
    "strength_schedule cfg_scale_schedule noise_schedule zoom angle translation_x translation_y "
    "translation_z rotation_3d_x rotation_3d_y rotation_3d_z"
).split()
DEFAULTS = {
    "animation_mode": "2D",
    "max_frames": 60,
    "W": 256,
    "H": 256,
    "diffusion_cadence": 2,
    "steps": 20,
    "strength_schedule": "0.65",
    "cfg_scale_schedule": "6",
    "noise_schedule": "0.03",
    "zoom": "1.01",
    "angle": "0",
    "translation_x": "0",
    "translation_y": "0",
    "translation_z": "0",
    "rotation_3d_x": "0",
    "rotation_3d_y": "0",
    "rotation_3d_z": "0",
}
"""What a new animation begins with: it moves, and a plain processor draws it in minutes."""
DRAWN = {
    "animation_mode": ("2D", "3D", "Video Input", "Interpolation"),
    "color_coherence": ("None", "LAB", "HSV", "RGB", "Image", "Video Input"),
}
"""Choices that can be drawn, where not all can."""

ELSEWHERE = (
    "prompts use_init init_image init_image_box use_looper init_images use_mask mask_file "
    "use_mask_video video_mask_path video_init_path color_coherence_image_path depth_source "
    "motion_preview_mode resume_from_timestring resume_timestring image_path "
    "show_info_on_ui"
).split()
"""What is asked in another way, or for nobody: films and resuming are the page's own."""
WITHOUT = ("controlnet", "video", "interpolation", "upscaling")
"""Groups of settings that nothing reads here."""


def build() -> None:
    """Prompts and schedules, the frames as they come, and a film of them."""
    own("animation", fields=_fields(), more=_more(), film=fields_of(Film))


def _fields() -> list[dict[str, Any]]:
    names = (*NUMBERS, *CHOICES, *SCHEDULES)
    settings = [_field(PARAMETERS[name]) for name in names]
    kept = ("model", "draft", "storage")
    return [*settings, *(one for one in fields_of(Animation) if one["name"] in kept)]


def _more() -> list[dict[str, Any]]:
    """The settings that have no field of their own, nor come with a file."""
    shown = {*NUMBERS, *CHOICES, *SCHEDULES, *ELSEWHERE}
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "group": one.group,
            "default": one.default,
            "choices": one.choices,
            "low": one.low,
            "high": one.high,
        }
        for one in PARAMETERS.values()
        if one.name not in shown and one.group not in WITHOUT
    ]


def _field(parameter: Parameter) -> dict[str, Any]:
    """A setting as `assets/fields.js` has it; its name begins with `settings.`."""
    field: dict[str, Any] = {"name": f"settings.{parameter.name}", "kind": "text"}
    field["default"] = DEFAULTS.get(parameter.name, parameter.default)
    field["left_out"] = parameter.default  # what a settings file means that does not name it
    if parameter.kind in ("int", "number"):
        field["kind"] = "integer" if parameter.kind == "int" else "number"
        field |= {"min": parameter.least} if parameter.least is not None else {}
    if parameter.kind == "choice":
        field |= {"kind": "choice", "choices": DRAWN.get(parameter.name, parameter.choices)}
    return field
