"""The plan of an animation, told before it is sent: curves, frames, and what is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, ValidationError

from webui.api.bodies import DescribedRoute, JsonObject, described
from webui.api.context import ServicesHere
from webui.api.errors import BODY, may_answer
from webui.core.animation import Animation
from webui.core.errors import Problem, UserError
from webui.core.events import FINAL, Job
from webui.core.explain import explain
from webui.jobs.animating import complete, flat, placed, plan_for, unbuilt, unheard
from webui.jobs.checks import Refused
from webui.jobs.continuing import continued, from_picture_alone, going_on
from webui.jobs.deforum_units import Around, with_units
from webui.jobs.extending import problems_in_frames, with_markers
from webui.jobs.services import Services
from webui.timeline.frames import FramePlan, frame_plan
from webui.timeline.plan import Array, Plan
from webui.timeline.problems import Finding

router = APIRouter(route_class=DescribedRoute, tags=["animation"])

USUAL_POINTS, MOST_POINTS = 480, 10_000
"""A curve has no more points than a plot has columns."""
MOST_ROWS = 200
MOST_CURVES = 64


class PlanProblem(BaseModel):
    """One thing that is wrong, or worth knowing."""

    parameter: str = Field(description="Name of the setting; of an entry of a table `prompts.30`")
    position: int | None = Field(description="Characters before the place in its text, from 0")
    problem: Problem

    @classmethod
    def of(cls, found: Finding) -> PlanProblem:
        """The finding as an answer."""
        return cls(parameter=found.parameter, position=found.position, problem=found.problem)

    @classmethod
    def of_setting(cls, problem: Problem) -> PlanProblem:
        """A problem with a setting as a whole."""
        parameter = (problem.field or "settings").removeprefix("settings.")
        return cls(parameter=parameter, position=None, problem=problem)


class PromptPart(BaseModel):
    """How much of the frames is a prompt's."""

    key: str = Field(description="As it is written")
    share: tuple[float, ...] = Field(description="For each of `at`; those of all add up to 1")
    own: tuple[float, ...] | None = Field(description="Its own weight, if it has one")


class PlanView(BaseModel):
    """A plan: all of it in curves, and some of its frames."""

    ok: bool
    errors: tuple[PlanProblem, ...]
    warnings: tuple[PlanProblem, ...]
    frame_count: int
    written: int = Field(description="How many frames come out")
    fps: float
    at: tuple[int, ...] = Field(description="The frames that the curves are told at")
    curves: dict[str, tuple[float | None, ...]] = Field(
        description="By name of the setting, a value for each of `at`; null where it is not finite"
    )
    prompts: tuple[PromptPart, ...] = Field(
        description="In native mode, in the order of their keys, the first 64"
    )
    first: int
    frames: tuple[FramePlan, ...] = Field(description="None while there is an error")


# A plain function: the server runs it in a thread, off its event loop.
@router.post("/animations/plan", openapi_extra=described("Animation"), responses=may_answer(*BODY))
def plan_animation(
    services: ServicesHere,
    values: JsonObject,
    curve: Annotated[list[str], Query(max_length=MOST_CURVES)] = [],  # noqa: B006
    first: Annotated[int, Query(ge=0)] = 0,
    count: Annotated[int, Query(ge=0, le=MOST_ROWS)] = 50,
    points: Annotated[int, Query(ge=2, le=MOST_POINTS)] = USUAL_POINTS,
) -> PlanView:
    """Work out an animation's plan without a model.

    Takes what a job of the kind `animation` takes. `curve` names the schedules to tell in full, at
    no more than `points` frames; `first` and `count` the frames. What is wrong is part of the
    answer, each with its parameter and position.
    """
    request, left_out = _read(values, services)
    frames_of = services.jobs.pictures.frames
    plan = plan_for(request, frames_of)
    unbuilt_here = tuple(unbuilt(plan, request, frames_of, services.catalog))
    if plan.ok:
        request, wrong = problems_in_frames(request, plan, services.extensions)
        unbuilt_here += tuple(wrong)
    onward = _onward(request, plan, services) if plan.ok and not unbuilt_here else Told()
    unbuilt_here += onward.errors
    at = _places(plan.frames, points)
    rows = range(first, min(first + count, plan.frames)) if plan.ok else range(0)
    return PlanView(
        ok=plan.ok and not unbuilt_here,
        errors=(
            *map(PlanProblem.of, map(placed, plan.errors)),
            *map(PlanProblem.of_setting, unbuilt_here),
        ),
        warnings=(
            *map(PlanProblem.of, plan.warnings),
            *map(PlanProblem.of_setting, _worth(request, plan, services)),
            *map(PlanProblem.of_setting, onward.warnings),
            *map(PlanProblem.of_setting, left_out),
        ),
        frame_count=plan.frames,
        written=plan.written,
        fps=plan.fps,
        at=at,
        curves={name: _curve(plan, name, at) for name in curve if name in plan.series},
        prompts=tuple(_parts(plan, at)),
        first=first,
        frames=tuple(frame_plan(plan, frame) for frame in rows),
    )


@dataclass(frozen=True)
class Told:
    """What is wrong with going on from another job, and what is worth knowing of it."""

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def _read(values: JsonObject, services: Services) -> tuple[Animation, list[Problem]]:
    """The request, with what it takes over of the job that it goes on from; what is left out."""
    try:
        given = continued({"kind": "animation", **values}, services.jobs.get)
        request = services.jobs.pictures.listened(Animation.model_validate(given))
    except ValidationError as error:
        raise Refused(explain(error, Animation)) from error
    except UserError as error:
        raise Refused([error.problem]) from error
    names = [one.name for one in services.offers.preprocessors]
    around = Around(services.catalog, dict(services.extensions.panels()), names)
    request, left_out = with_units(request, around)
    return with_markers(request, services.extensions), left_out


def worth_knowing(values: JsonObject, job: Job, services: Services) -> tuple[Problem, ...]:
    """What the plan of an animation that waits now warns of; of other jobs nothing.

    Args:
        values: what was sent; what cannot be done of it is not in the job any more.
    """
    request = job.request
    if not isinstance(request, Animation) or job.state in FINAL:
        return ()
    try:
        plan = plan_for(request, services.jobs.pictures.frames)
        onward = from_picture_alone(request, plan, services.paths.animations)
        left_out = _read(values, services)[1]
    except UserError:
        return ()  # what it begins with went away just now; the job itself tells of that
    found = [one.problem for one in plan.warnings] + _worth(request, plan, services)
    return (*found, *([onward] if onward else []), *left_out)


def _onward(request: Animation, plan: Plan, services: Services) -> Told:
    if request.after is None:
        return Told()
    filled = complete(request, plan, services.catalog.get(request.model).id, services.settings)
    try:
        found = from_picture_alone(
            going_on(filled, plan, services.jobs.get), plan, services.paths.animations
        )
    except UserError as error:
        return Told(errors=(error.problem,))
    return Told(warnings=(found,) if found else ())


def _worth(request: Animation, plan: Plan, services: Services) -> list[Problem]:
    found = (flat(plan, services.catalog), unheard(plan, request)) if plan.ok else ()
    return [one for one in found if one is not None]


def _places(frames: int, most: int) -> tuple[int, ...]:
    """Frames evenly over the whole, the first and the last among them."""
    points = min(frames, most)
    return tuple(np.linspace(0, frames - 1, points).round().astype(int).tolist())


def _parts(plan: Plan, at: tuple[int, ...]) -> Iterator[PromptPart]:
    for key, part in islice(plan.prompt_parts.items(), MOST_CURVES):
        share, own = (_rounded(series, at) for series in (part.share, part.own))
        yield PromptPart(key=key, share=share or (), own=own)


def _rounded(series: Array | None, at: tuple[int, ...]) -> tuple[float, ...] | None:
    """What a plot needs of it."""
    return None if series is None else tuple(series[list(at)].round(4).tolist())


def _curve(plan: Plan, name: str, at: tuple[int, ...]) -> tuple[float | None, ...]:
    numbers = plan.series[name][list(at)].tolist()
    return tuple(number if math.isfinite(number) else None for number in numbers)
