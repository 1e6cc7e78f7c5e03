"""The motion of an animation in a moment, without a model: small pictures for a slider."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query
from PIL import Image
from pydantic import BaseModel, Field, ValidationError

from webui.api.bodies import DescribedRoute, JsonObject, described
from webui.api.context import Audience, ServicesHere
from webui.api.errors import BODY, may_answer
from webui.api.scenery import DepthSource, film_of, scenery
from webui.core.animation import Animation
from webui.core.explain import explain
from webui.jobs.animating import plan_for
from webui.jobs.checks import Refused
from webui.library.pictures import encode
from webui.motion.glance import Sheet, laid_out, motion_sheet, places_of
from webui.timeline.plan import Plan
from webui.video.reading import FilmReader

router = APIRouter(route_class=DescribedRoute, tags=["animation"])

QUALITY = 80
SMALLEST = 16
"""Of a side, in pixels."""
EARLIER = 30
"""Jobs among which one is looked for that saved its depths."""


class MotionView(BaseModel):
    """The motion of an animation, as small pictures on one sheet."""

    at: tuple[int, ...] = Field(description="The frames that are shown, row by row")
    columns: int = Field(description="Pictures in a row")
    width: int = Field(description="Of one picture")
    height: int
    sheet: str = Field(description="A JPEG as a `data:` address")
    shows: Literal["motion", "film"] = Field(description="`film`: frames of the film as they are")
    depth: DepthSource = Field(
        description="Where the distances come from; `none` where they make no difference"
    )


# A plain function: the server runs it in a thread, off its event loop.
@router.post(
    "/animations/motion", openapi_extra=described("Animation"), responses=may_answer(*BODY)
)
def animation_motion(
    services: ServicesHere,
    audience: Audience,
    values: JsonObject,
    size: Annotated[int, Query(ge=32, le=256, description="The longer side of a picture")] = 144,
) -> MotionView:
    """See an animation's motion: its first picture, or a test card, moved as planned.

    Takes what a job of the kind `animation` takes. In 3D the depths are those that the settings
    name, or that an earlier run of the same animation saved; without both the scene is a plane.
    In Video Input nothing moves but the film, whose frames are shown; in Interpolation there is
    nothing to move. A long animation is shown by some of its frames, up to the 1500th.
    """
    try:
        request = Animation.model_validate(values)
    except ValidationError as error:
        raise Refused(explain(error, Animation)) from error
    plan = plan_for(request, services.jobs.pictures.frames)
    if not plan.ok:
        raise Refused([found.problem for found in plan.errors])
    width, height = (max(SMALLEST, round(side * size / max(plan.size))) for side in plan.size)
    store = services.jobs.store
    if plan.mode == "Video Input":
        with film_of(request, plan, store) as film:
            return _view(_of_film(film, plan, (width, height)), "film", "none")
    earlier = services.jobs.list(audience, EARLIER) if plan.mode == "3D" else ()
    with scenery(request, plan, store, (width, height), earlier) as scene:
        made = motion_sheet(plan, scene.first, scene.depth)
    return _view(made, "motion", scene.source)


def _of_film(film: FilmReader, plan: Plan, size: tuple[int, int]) -> Sheet:
    """Frames of a film, of which only those that are shown are made small."""
    places = places_of(plan.frames)
    tiles = [
        np.asarray(Image.fromarray(film.frame(frame)).resize(size, Image.Resampling.BILINEAR))
        for frame in places
    ]
    return laid_out(places, tiles)


def _view(made: Sheet, shows: Literal["motion", "film"], depth: DepthSource) -> MotionView:
    data = base64.b64encode(encode(made.image, "jpeg", QUALITY, "")).decode()
    return MotionView(
        at=made.at,
        columns=made.columns,
        width=made.width,
        height=made.height,
        sheet=f"data:image/jpeg;base64,{data}",
        shows=shows,
        depth=depth,
    )
