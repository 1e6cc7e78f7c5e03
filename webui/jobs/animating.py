"""An animation checked before it waits: every schedule, prompt and file, without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from webui.core.animation import Animation
from webui.core.errors import Problem, UserError
from webui.core.plugins import Extensions
from webui.core.scheduled import FOR_EXTENSIONS, with_schedules
from webui.core.settings import Settings
from webui.jobs.continuing import Find, going_on, nothing_found
from webui.jobs.extending import problems_in_frames
from webui.jobs.prompting import missing_in_frames
from webui.library.catalog import Catalog
from webui.library.seeing import word_finder
from webui.motion.judging import judged
from webui.motion.moves import immovable
from webui.timeline.footage import DEPTH, chosen, file_of, length, needed, words_of
from webui.timeline.output import silent
from webui.timeline.plan import Plan, plan_of
from webui.timeline.problems import Finding
from webui.timeline.rehearsal import moving_only
from webui.timeline.settings_file import settings_of

FramesOf = Callable[[str], int | None]
"""How many pictures a sent film has; None of a file that is none. Raises UserError."""
_ALGORITHM, _CHECKPOINTS = "depth_algorithm", "checkpoint_schedule"


def planned(
    request: Animation,
    catalog: Catalog,
    settings: Settings,
    frames_of: FramesOf,
    find: Find = nothing_found,
    extensions: Extensions | None = None,
) -> tuple[Animation, list[Problem]]:
    """The request with its seed, model and number of frames; and all that is wrong with it.

    Args:
        find: looks up the job that it goes on from.
        extensions: say what fits their values.
    """
    plan = plan_for(request, frames_of)
    problems = [_in_settings(placed(found)) for found in plan.errors]
    if plan.ok and extensions:
        request, wrong = problems_in_frames(request, plan, extensions)
        problems += wrong
    problems += unbuilt(plan, request, frames_of, catalog)
    if plan.ok and not request.motion_only:
        problems += missing_in_frames(plan.positive, plan.negative, request.vae, catalog)
    model = request.model
    try:
        model = catalog.get(request.model).id
    except UserError as error:
        problems.append(error.problem)
    if problems:
        return request, problems
    try:
        return going_on(complete(request, plan, model, settings), plan, find), []
    except UserError as error:
        return request, [error.problem]


def placed(found: Finding) -> Finding:
    """A finding in an extension's value by that value's own name; others as they are."""
    if not found.parameter.startswith(FOR_EXTENSIONS):
        return found
    own = found.parameter.removeprefix("schedules.")
    told = {**found.problem.values, "parameter": own}
    return Finding(own, found.position, UserError(found.problem.code, own, **told).problem)


def _in_settings(found: Finding) -> Problem:
    name = found.parameter
    field = name if name.startswith("extensions.") else f"settings.{name}"
    return found.problem.model_copy(update={"field": field})


def complete(request: Animation, plan: Plan, model: str | None, settings: Settings) -> Animation:
    """The request with what its plan and the user's settings say."""
    return request.with_(
        settings={**request.settings, "seed": plan.start_seed},
        model=model,
        noise_source=request.noise_source or settings.noise_source,
        frames=plan.written,
    )


def plan_for(request: Animation, frames_of: FramesOf) -> Plan:
    """The plan of a request, as long as its clips are.

    Raises:
        UserError: a file that was sent is gone or broken.
    """
    given = request.settings
    given = moving_only(given) if request.motion_only else given
    settings = settings_of(with_schedules(given, request.extensions))
    plan = plan_of(settings, footage=length(settings.values, request.files, frames_of))
    return judged(plan, request.draft)


def unbuilt(
    plan: Plan, request: Animation, frames_of: FramesOf, catalog: Catalog
) -> Iterator[Problem]:
    """What the settings ask for that is missing: said, never left out."""
    if plan.ok and (wrong := immovable(plan)) is not None:
        yield wrong.problem.model_copy(update={"field": f"settings.{wrong.problem.field}"})
    yield from () if request.motion_only else _unknown_checkpoints(plan, catalog)
    words = words_of(plan.settings.values, plan.texts)
    if words and word_finder(catalog) is None:
        parameter, named = words[0]
        yield UserError("mask_words", f"settings.{parameter}", words=named).problem
    for file in needed(plan.settings.values, plan.texts):
        field = f"settings.{file.setting}"
        sent = file_of(request.files, file.parameter, file.name)
        if sent is None:
            named = {"parameter": file.setting, "name": file.name or "–"}
            yield UserError("animation_no_file", field, **named).problem
            continue
        frames = frames_of(sent)
        if file.kind == "film" and frames is None:
            yield UserError("animation_no_film", field, parameter=file.setting).problem
        elif file.kind == "film" and frames and not chosen(plan.settings.values, frames):
            yield UserError("animation_no_frames", field, frames=frames).problem


def _unknown_checkpoints(plan: Plan, catalog: Catalog) -> Iterator[Problem]:
    if not plan.value("enable_checkpoint_scheduling"):
        return
    for name in dict.fromkeys(plan.texts.get(_CHECKPOINTS, ())):
        try:
            catalog.get(name)
        except UserError as error:
            yield error.problem.model_copy(update={"field": f"settings.{_CHECKPOINTS}"})


def unheard(plan: Plan, request: Animation) -> Problem | None:
    """Worth knowing: that films will be silent, as the sound that the settings want is missing."""

    def has(parameter: str, name: str) -> bool:
        return file_of(request.files, parameter, name) is not None

    found = silent(plan.settings.values, has)
    return found and _in_settings(found)


def flat(plan: Plan, catalog: Catalog) -> Problem | None:
    """Worth knowing: that a scene in 3D is a plane, as nothing tells how far its parts are."""
    value = plan.value
    if plan.mode != "3D" or not value("use_depth_warping") or value(DEPTH):
        return None
    there = catalog.entries("depth", limit=1, patience=0).entries
    return None if there else UserError("animation_flat", f"settings.{_ALGORITHM}").problem
