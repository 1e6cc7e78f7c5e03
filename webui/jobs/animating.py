"""An animation checked before it waits: every schedule, prompt and file, without a model."""

from __future__ import annotations

from collections.abc import Iterator

from webui.core.animation import Animation
from webui.core.errors import Problem, UserError
from webui.core.settings import Settings
from webui.library.catalog import Catalog
from webui.timeline.plan import Plan, plan_of
from webui.timeline.settings_file import settings_of

_INIT = "init_image"
_NOT_YET = (
    ("hybrid_composite", "None"),
    ("hybrid_motion", "None"),
    ("use_looper", False),
    ("use_mask", False),
    ("use_noise_mask", False),
    ("reroll_blank_frames", "ignore"),
    ("optical_flow_redo_generation", "None"),
    ("diffusion_redo", 0),
    ("save_depth_maps", False),
    ("enable_ddim_eta_scheduling", False),
    ("enable_ancestral_eta_scheduling", False),
    *((f"cn_{unit}_enabled", False) for unit in range(1, 6)),
)
"""Settings that do nothing yet, and the value at which nothing is missed."""


def planned(
    request: Animation, catalog: Catalog, settings: Settings
) -> tuple[Animation, list[Problem]]:
    """The request with its seed, model and number of frames; and all that is wrong with it."""
    plan = plan_of(settings_of(request.settings))
    problems = [
        found.problem.model_copy(update={"field": f"settings.{found.parameter}"})
        for found in plan.errors
    ]
    problems += unbuilt(plan, request) if plan.ok else []
    model = request.model
    try:
        model = catalog.get(request.model).id
    except UserError as error:
        problems.append(error.problem)
    if problems:
        return request, problems
    changed = request.with_(
        settings={**request.settings, "seed": plan.start_seed},
        model=model,
        noise_source=request.noise_source or settings.noise_source,
        frames=plan.written,
    )
    return changed, []


def _given(plan: Plan, request: Animation) -> bool:
    return bool({_INIT, str(plan.value(_INIT))} & set(request.files))


def unbuilt(plan: Plan, request: Animation) -> Iterator[Problem]:
    """What the settings ask for that nobody has built yet: said, never left out in silence."""
    if plan.mode == "Video Input":
        yield _problem("animation_mode", plan.mode)
    if (coherence := plan.value("color_coherence")) in ("Image", "Video Input"):
        yield _problem("color_coherence", coherence)
    for name, nothing in _NOT_YET:
        if plan.settings.values.get(name, nothing) != nothing:
            yield _problem(name, str(plan.settings.values[name]))
    if plan.value("use_init") and plan.value(_INIT) and not _given(plan, request):
        yield UserError("animation_no_file", f"settings.{_INIT}").problem


def _problem(name: str, value: str) -> Problem:
    error = UserError("animation_not_yet", f"settings.{name}", parameter=name, value=value)
    return error.problem
