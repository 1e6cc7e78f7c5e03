"""A whole animation: frames as soon as they are there, from wherever a killed run stood."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

from webui.animation.deforum import deforum_steps
from webui.animation.native import native_steps
from webui.animation.painting import Painter, drawn_size
from webui.animation.stage import Array, Frame, Stage
from webui.animation.state import State, load_state, save_state
from webui.animation.stills import still_steps
from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.engine.recipes import Tools
from webui.motion.depth import Depth
from webui.timeline.plan import Plan, plan_of
from webui.timeline.settings_file import settings_of


def render(
    request: Animation,
    tools: Tools,
    folder: Path,
    begun: Callable[[int], None] = lambda frame: None,
    depth: Callable[[Array], Depth | None] = lambda picture: None,
) -> Iterator[Frame]:
    """The frames of an animation, in their order, from the last state that was kept.

    Args:
        folder: where the state is kept.
        begun: told the number of each frame before it is drawn.
        depth: how far each pixel of a picture is; None for a plane.

    Raises:
        UserError: the settings cannot be rendered, or a frame cannot be drawn.
    """
    plan = planned(request)
    size, scale = drawn_size(plan, request.draft)
    stage = Stage(
        plan=plan,
        paint=Painter(request, plan, size, tools, begun),
        size=size,
        scale=scale,
        depth=depth,
        first=_first(request, plan, tools),
    )
    mark = mark_of(request)
    for state, frames in steps_of(plan)(stage, load_state(folder, mark)):
        yield from frames
        save_state(folder, state, mark)


def planned(request: Animation) -> Plan:
    """The plan of a request.

    Raises:
        UserError: the first of its errors.
    """
    plan = plan_of(settings_of(request.settings))
    if plan.errors:
        found = plan.errors[0]
        raise UserError(found.problem.code, f"settings.{found.parameter}", **found.problem.values)
    return plan


def steps_of(plan: Plan) -> Callable[[Stage, State], Iterator[tuple[State, list[Frame]]]]:
    """How the frames of an animation come about, by its mode."""
    if plan.mode == "Interpolation":
        return still_steps
    return native_steps if plan.settings.native else deforum_steps


def mark_of(request: Animation) -> str:
    """What has to be the same for a kept state to be gone on from."""
    told = request.model_dump(mode="json", exclude={"image_format", "file_name", "folder"})
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _first(request: Animation, plan: Plan, tools: Tools) -> Callable[[], Image.Image] | None:
    for name in ("init_image", str(plan.value("init_image") or "")):
        if ref := request.files.get(name):
            return lambda ref=ref: tools.picture(ref)
    return None
