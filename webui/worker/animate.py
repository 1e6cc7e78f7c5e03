"""An animation as a job: its frames sent as soon as they are there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from dataclasses import replace
from pathlib import Path

from PIL import Image

from webui.animation.render import planned, render
from webui.animation.stage import Frame
from webui.core.animation import Animation
from webui.engine.recipes import Drawn, Tools
from webui.motion.state import finish_state, forget_state
from webui.prompt.infotext import VERSION, Parameters
from webui.timeline.plan import Plan


def animated(
    request: Animation,
    done: Collection[int],
    tools: Tools,
    folder: Path,
    begun: Callable[[int], None],
    beside: Callable[[int, str, Image.Image], None] = lambda frame, name, image: None,
) -> Generator[Drawn]:
    """The frames that are not in `done`, in their order.

    When all are there, the last state stays, to be gone on from; of a motion alone nothing does.

    Args:
        folder: where it is kept how far it is.
        begun: told the number of each frame before it is drawn.
        beside: given what is to lie beside a frame: its number, what it is, the picture.
    """
    plan = planned(request, tools)
    for frame in render(request, tools, folder, begun, plan, beside, done):
        if frame.number not in done and frame.number < request.frames:
            yield _drawn(frame, plan)
    if request.motion_only:
        forget_state(folder)
    else:
        finish_state(folder)


def _drawn(frame: Frame, plan: Plan) -> Drawn:
    """The frame as a picture; one that was filled in tells its prompt all the same."""
    image = Image.fromarray(frame.levels)
    if isinstance(frame.drawn, Drawn):
        told = frame.drawn.parameters
        values = {**told.values, "Frame": frame.number}
        return replace(
            frame.drawn,
            index=frame.number,
            image=image,
            parameters=replace(told, values=values),
        )
    seed = max(plan.seeds[frame.number], 0)
    prompts = plan.positive[frame.number], plan.negative[frame.number]
    told = Parameters(*prompts, {"Frame": frame.number, "Version": VERSION})
    return Drawn(frame.number, seed, image, told)
