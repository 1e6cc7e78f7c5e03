"""One frame of a plan: what its generation is given, and the whole of it as data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from webui.core.errors import worded
from webui.timeline.plan import Plan
from webui.timeline.problems import Finding


@dataclass(frozen=True)
class FramePlan:
    """What the generation of a frame is given.

    Attributes:
        frame: its number.
        generated: whether it is; if not, it is filled in between two that are.
        subseed: seed of the variation, -1 for none.
        denoising_strength: how much of the picture before is made anew, 0…1; None where there is
            no picture before, so that it is made from its prompt alone.
        sampler: name of the sampler, and maybe of its schedule, as Deforum writes it.
        checkpoint, clip_skip, noise_multiplier, eta_ddim, eta_ancestral: None where nothing is
            scheduled.
        image_cfg_scale: for models that edit pictures by instructions.
    """

    frame: int
    generated: bool
    prompt: str
    negative_prompt: str
    seed: int
    subseed: int
    subseed_strength: float
    steps: int
    cfg_scale: float
    denoising_strength: float | None
    sampler: str
    checkpoint: str | None
    clip_skip: int | None
    noise_multiplier: float | None
    eta_ddim: float | None
    eta_ancestral: float | None
    image_cfg_scale: float


def frame_plan(plan: Plan, frame: int) -> FramePlan:
    """What the generation of a frame is given.

    Raises:
        KeyError: a schedule of the plan has an error.
    """
    steps = _scheduled(plan, "enable_steps_scheduling", "steps_schedule", frame)
    clip_skip = _scheduled(plan, "enable_clipskip_scheduling", "clipskip_schedule", frame)
    noise = _scheduled(
        plan, "enable_noise_multiplier_scheduling", "noise_multiplier_schedule", frame
    )
    still = plan.mode == "Interpolation"
    return FramePlan(
        frame=frame,
        generated=plan.is_generated(frame),
        prompt=plan.positive[frame],
        negative_prompt=plan.negative[frame],
        seed=plan.seeds[frame],
        subseed=plan.subseeds[frame],
        subseed_strength=float(plan.subseed_strengths[frame]),
        steps=plan.value("steps") if steps is None else int(steps),
        cfg_scale=float(plan.series["cfg_scale_schedule"][frame]),
        denoising_strength=_denoising_strength(plan, frame),
        sampler=_text(plan, "enable_sampler_scheduling", "sampler_schedule", frame)
        or plan.value("sampler"),
        checkpoint=_text(plan, "enable_checkpoint_scheduling", "checkpoint_schedule", frame),
        clip_skip=None if clip_skip is None else int(clip_skip),
        noise_multiplier=None if still else noise,
        eta_ddim=None
        if still
        else _scheduled(plan, "enable_ddim_eta_scheduling", "ddim_eta_schedule", frame),
        eta_ancestral=None
        if still
        else _scheduled(plan, "enable_ancestral_eta_scheduling", "ancestral_eta_schedule", frame),
        image_cfg_scale=float(plan.series["pix2pix_img_cfg_scale_schedule"][frame]),
    )


def _scheduled(plan: Plan, switch: str, name: str, frame: int) -> float | None:
    return float(plan.series[name][frame]) if plan.value(switch) else None


def _text(plan: Plan, switch: str, name: str, frame: int) -> str | None:
    return plan.texts[name][frame] if plan.value(switch) else None


def _denoising_strength(plan: Plan, frame: int) -> float | None:
    """1 - strength; of the first frame by the strength of the init picture, if there is one."""
    if plan.mode == "Interpolation":
        return None
    if frame == 0 and plan.mode != "Video Input":
        return 1 - plan.value("strength") if begins_with_picture(plan) else None
    strength = float(plan.series["strength_schedule"][frame])
    return 1 - min(max(strength, 0.0), 1.0)


def begins_with_picture(plan: Plan) -> bool:
    """Whether the first frame is made from a picture: an init or guiding one, or a clip's first."""
    clip = plan.value("hybrid_generate_inputframes") and plan.mode in ("2D", "3D")
    first_of_clip = clip and plan.value("hybrid_use_first_frame_as_init_image")
    return bool(plan.value("use_init") or plan.value("use_looper") or first_of_clip)


def frame_data(plan: Plan, frame: int) -> dict[str, Any]:
    """A frame with every scheduled value under its name in Deforum's settings file, for JSON.

    Infinities and NaN, which JSON lacks, are the texts "inf", "-inf", "nan".
    """
    return next(frames_data(plan, range(frame, frame + 1)))


def frames_data(plan: Plan, frames: Iterable[int]) -> Iterator[dict[str, Any]]:
    """`frame_data` of several frames, one after the other."""
    numbers = {name: series for name, series in plan.series.items() if _is_used(plan, name)}
    for frame in frames:
        given = {name: _finite(value) for name, value in asdict(frame_plan(plan, frame)).items()}
        yield {
            **given,
            **{name: _finite(float(series[frame])) for name, series in numbers.items()},
            **{name: series[frame] for name, series in plan.texts.items()},
        }


def _is_used(plan: Plan, name: str) -> bool:
    """Units of ControlNet that nobody has switched on or set are left out."""
    if not name.startswith("cn_"):
        return True
    enabled = f"{'_'.join(name.split('_')[:2])}_enabled"
    return plan.value(enabled) or name in plan.settings.given


def _finite(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def plan_data(plan: Plan, language: str = "en") -> dict[str, Any]:
    """A plan without its frames as data: `ok`, `errors`, `warnings`."""
    return {
        "ok": plan.ok,
        "errors": [finding_data(found, language) for found in plan.errors],
        "warnings": [finding_data(found, language) for found in plan.warnings],
    }


def finding_data(found: Finding, language: str = "en") -> dict[str, Any]:
    """A finding as data; of a table's entry, `key` says which one."""
    parameter, dot, key = found.parameter.partition(".")
    where = {"parameter": parameter, "position": found.position}
    return {**where, **({"key": key} if dot else {}), "message": worded(found.problem, language)}
