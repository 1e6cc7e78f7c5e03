"""A whole animation: frames as soon as they are there, from wherever a killed run stood."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image

from webui.animation.clips import clip_steps
from webui.animation.deforum import deforum_steps
from webui.animation.films import Films
from webui.animation.guides import named_guide
from webui.animation.material import Material, fitted, material_of
from webui.animation.native import native_steps
from webui.animation.painting import Painter
from webui.animation.rehearsal import Mover
from webui.animation.stage import Array, Frame, Paint, Stage
from webui.animation.stills import still_steps
from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.core.scheduled import with_schedules
from webui.engine.recipes import Tools
from webui.motion.depth import Depth, depth_picture, distances
from webui.motion.moves import METRIC
from webui.motion.onward import drawn_size, mark_of, resumed, state_of_pictures, taken_up
from webui.motion.pictures import to_levels
from webui.motion.state import Mark, State, kept_states, save_state
from webui.timeline.footage import DEPTH, INIT, length
from webui.timeline.plan import Plan, plan_of
from webui.timeline.rehearsal import moving_only
from webui.timeline.settings_file import settings_of
from webui.video.reading import film_info


def render(
    request: Animation,
    tools: Tools,
    folder: Path,
    begun: Callable[[int], None] = lambda frame: None,
    plan: Plan | None = None,
    beside: Callable[[int, str, Image.Image], None] = lambda frame, name, image: None,
    done: Collection[int] | None = None,
) -> Iterator[Frame]:
    """The frames of an animation, in their order, from the last state that was kept.

    Args:
        folder: where the state is kept.
        begun: told the number of each frame before it is drawn.
        plan: what `planned` says of the request, where that is known already.
        beside: given what is to lie beside a frame: its number, what it is, the picture.
        done: the frames that arrived where they are kept, None: all that were made. A state is of
            use only if all frames before it are there.

    Raises:
        UserError: the settings cannot be rendered, or a frame cannot be drawn.
    """
    plan = plan or planned(request, tools)
    size, scale = drawn_size(plan, request.draft)
    with ExitStack() as stack:
        files = request.files
        material = material_of(plan, files, size, tools.picture, tools.film, stack)
        stage = Stage(
            plan=plan,
            paint=_painter(request, plan, size, tools, begun, stack),
            size=size,
            scale=scale,
            depth=_depth(plan, tools),
            first=_first(plan, material),
            material=material,
            words=tools.words,
            flow=tools.flow,
            seen=_depth_keeper(plan, beside),
            folder=folder,
        )
        mark = mark_of(request, plan)
        stopped = resumed(kept_states(folder), mark, plan, done)
        begun_from = stopped if stopped.made else _begun(request, stage, tools, folder, mark)
        for state, frames in steps_of(plan)(stage, begun_from):
            yield from frames
            save_state(folder, state, mark)


def _begun(request: Animation, stage: Stage, tools: Tools, folder: Path, mark: Mark) -> State:
    """Where a first run begins: where the job before stands, else with its pictures, else at the
    beginning."""
    after = request.after
    if after is None or after.frame is None:
        return State()
    kept = kept_states(folder.parent / after.job)
    known = taken_up(kept, mark, stage.plan, after.frame)
    if known is not None:
        return known

    def picture(frame: int) -> Array:
        return fitted(tools.picture(after.pictures[str(frame)]), stage.size)

    return state_of_pictures(stage.plan, after.frame, picture)


def _depth(plan: Plan, tools: Tools) -> Callable[[Array], Depth | None]:
    """How near or far each pixel of a picture is, as the settings' network would tell it."""
    name = plan.value("depth_algorithm")

    def depth(picture: Array) -> Depth | None:
        seen = tools.depth(name, to_levels(picture.astype(np.float32)), name in METRIC)
        if seen is None or plan.settings.native or not name.endswith("(old)"):
            return seen
        far = distances(seen)  # the old ones take depths as they are, in a unit of their own
        return far if isinstance(far, np.ndarray) else None

    return depth


def _depth_keeper(
    plan: Plan, beside: Callable[[int, str, Image.Image], None]
) -> Callable[[int, Depth], None]:
    """Hands on what a frame's depth looks like, the first time that it is seen."""
    kept: set[int] = set()
    metric = plan.value("depth_algorithm") in METRIC and not plan.value(DEPTH)

    def keep(frame: int, depth: Depth) -> None:
        if frame in kept or not plan.value("save_depth_maps"):
            return
        kept.add(frame)
        levels = depth_picture(depth, "smaller" if metric else "larger")
        if levels is not None:
            beside(frame, "depth", Image.fromarray(levels))

    return keep


def _painter(
    request: Animation,
    plan: Plan,
    size: tuple[int, int],
    tools: Tools,
    begun: Callable[[int], None],
    stack: ExitStack,
) -> Paint:
    if request.motion_only:
        return Mover(size, begun)
    films = Films(request.extensions, tools.film, stack)
    return Painter(request, plan, size, tools, begun, films)


def planned(request: Animation, tools: Tools) -> Plan:
    """The plan of a request, as long as its clips are.

    Raises:
        UserError: the first of its errors.
    """
    given = request.settings
    given = moving_only(given) if request.motion_only else given
    settings = settings_of(with_schedules(given, request.extensions))

    def frames_of(sent: str) -> int:
        return film_info(tools.film(sent)).frames

    plan = plan_of(settings, footage=length(settings.values, request.files, frames_of))
    if plan.errors:
        found = plan.errors[0]
        raise UserError(found.problem.code, f"settings.{found.parameter}", **found.problem.values)
    return plan


def steps_of(plan: Plan) -> Callable[[Stage, State], Iterator[tuple[State, Iterable[Frame]]]]:
    """How the frames of an animation come about, by its mode."""
    if plan.mode == "Interpolation":
        return still_steps
    if plan.mode == "Video Input":
        return clip_steps
    return native_steps if plan.settings.native else deforum_steps


def _first(plan: Plan, material: Material) -> Callable[[], Image.Image] | None:
    """Where the first picture comes from: a clip, a guide or an init picture, in this order."""
    clip = material.clip
    if clip is not None and plan.value("hybrid_use_first_frame_as_init_image"):
        return lambda: Image.fromarray(clip(0))
    if plan.guides:
        return lambda: material.picture(*named_guide(plan, 0))
    if plan.value("use_init"):
        return lambda: material.picture(INIT, str(plan.value(INIT) or ""))
    return None
