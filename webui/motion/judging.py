"""What a render cannot use of a plan's numbers, said before it begins rather than in mid-run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from webui.core.errors import Problem, UserError
from webui.motion.hybrid import CompositeMask
from webui.motion.moves import parameters_of
from webui.motion.noise import Grain, check_size
from webui.motion.onward import drawn_size
from webui.motion.sharpen import Unsharp
from webui.timeline.footage import is_hybrid
from webui.timeline.plan import Plan
from webui.timeline.problems import Finding, finding
from webui.timeline.series import BOUNDS

SHARPENING = ("kernel_schedule", "sigma_schedule", "amount_schedule", "threshold_schedule")
MASK_OF_COMPOSITE = (
    "hybrid_comp_mask_contrast_schedule",
    "hybrid_comp_mask_auto_contrast_cutoff_low_schedule",
    "hybrid_comp_mask_auto_contrast_cutoff_high_schedule",
    "hybrid_comp_mask_blend_alpha_schedule",
)
"""Schedules whose numbers are checked together, in the order of what they become."""


def judged(plan: Plan, draft: float = 1.0) -> Plan:
    """The plan with errors for all numbers that a render would stop at.

    Where the plan warns of one already, the error takes the warning's place. An infinite motion
    stays a warning, as Deforum plans it; see `moves.immovable`.

    Args:
        draft: see `Animation.draft`.
    """
    wrong = [found for found in plan.warnings if _stops(found, plan)]
    wrong += _of_pictures(plan, draft) if plan.ok else []
    named = {found.parameter for found in wrong}
    left = tuple(found for found in plan.warnings if found.parameter not in named)
    return replace(plan, errors=(*plan.errors, *wrong), warnings=left) if wrong else plan


def _stops(found: Finding, plan: Plan) -> bool:
    """Whether a warning is about a number that no frame can be moved by; the first one is not."""
    name = found.parameter
    if found.problem.code != "schedule_bounds" or name not in parameters_of(plan):
        return False
    return not BOUNDS[name][1](plan.moving(name)[1:]).all()


def _of_pictures(plan: Plan, draft: float) -> Iterator[Finding]:
    """About what is drawn, and what is done to pictures before they are."""
    try:
        (width, height), _ = drawn_size(plan, draft)
    except UserError as error:
        yield Finding("W" if plan.size[0] >= plan.size[1] else "H", None, error.problem)
        return
    if plan.mode not in ("2D", "3D"):
        return
    yield from _of_noise(plan, width, height)
    yield from _in_frames(plan, SHARPENING, unsharp_of)
    composed = is_hybrid(plan.settings.values) and plan.value("hybrid_composite") != "None"
    if composed and plan.value("hybrid_comp_mask_type") != "None":
        yield from _in_frames(plan, MASK_OF_COMPOSITE, composite_mask_of)


def _of_noise(plan: Plan, width: int, height: int) -> Iterator[Finding]:
    try:
        grain = grain_of(plan)
        if not plan.settings.native and len(plan.generated) > 1:
            check_size(height, width, grain)
    except UserError as error:
        yield Finding(error.problem.field or "noise_type", None, error.problem)


def _in_frames(
    plan: Plan, names: Sequence[str], make: Callable[[Plan, int], object]
) -> Iterator[Finding]:
    """About the first of the generated frames for which something cannot be made of its numbers."""
    frames = np.array([frame for frame in plan.generated if frame > 0], np.int64)
    numbers = np.stack([plan.series[name][frames] for name in names], axis=1)
    _, first = np.unique(numbers, axis=0, return_index=True)
    for frame in sorted(frames[first].tolist()):
        try:
            make(plan, frame)
        except UserError as error:
            yield _at(error.problem, frame)
            return


def _at(problem: Problem, frame: int) -> Finding:
    name = problem.field or ""
    if problem.code != "motion_bounds":
        return Finding(name, None, problem)
    told = {key: problem.values[key] for key in ("value", "wanted")}
    return finding(name, "schedule_bounds", 0, frame=frame, **told)


def unsharp_of(plan: Plan, frame: int) -> Unsharp:
    """The anti-blur of a frame.

    Raises:
        UserError: a value cannot be used; its field names the schedule.
    """
    kernel, *others = (float(plan.series[name][frame]) for name in SHARPENING)
    whole = int(kernel) if np.isfinite(kernel) else -1
    return Unsharp(whole, *others)


def grain_of(plan: Plan) -> Grain:
    """How noise is spread.

    Raises:
        UserError: a value cannot be used; its field names the setting.
    """
    names = ("noise_type", "perlin_w", "perlin_h", "perlin_octaves", "perlin_persistence")
    return Grain(*(plan.value(name) for name in names))


def composite_mask_of(plan: Plan, frame: int) -> CompositeMask:
    """The mask of a frame's composite with a clip.

    Raises:
        UserError: a value cannot be used; its field names the schedule.
    """
    contrast, low, high, alpha = (float(plan.series[name][frame]) for name in MASK_OF_COMPOSITE)
    kind, inverse, equalize, stretched = (
        plan.value(f"hybrid_comp_mask_{name}")
        for name in ("type", "inverse", "equalize", "auto_contrast")
    )
    return CompositeMask(kind, inverse, equalize, contrast, stretched, low, high, alpha)
