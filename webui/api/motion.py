"""The motion of an animation in a moment, without a model: small pictures for a slider."""

from __future__ import annotations

import base64
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from PIL import Image
from pydantic import BaseModel, Field, ValidationError

from webui.api.bodies import DescribedRoute, JsonObject, described
from webui.api.context import ServicesHere
from webui.api.errors import BODY, may_answer
from webui.core.animation import Animation
from webui.imaging.ingest import opened
from webui.jobs.animating import plan_for
from webui.jobs.checks import Refused
from webui.jobs.explain import explain
from webui.library.pictures import encode
from webui.library.store import Store
from webui.motion.card import moving_card
from webui.motion.depth import Depth, depth_of_file
from webui.motion.glance import motion_sheet
from webui.motion.pictures import Levels
from webui.timeline.footage import DEPTH, INIT, file_of
from webui.timeline.plan import Plan

router = APIRouter(route_class=DescribedRoute, tags=["animation"])

QUALITY = 80
SMALLEST = 16
"""Of a side, in pixels."""


class MotionView(BaseModel):
    """The motion of an animation, as small pictures on one sheet."""

    at: tuple[int, ...] = Field(description="The frames that are shown, row by row")
    columns: int = Field(description="Pictures in a row")
    width: int = Field(description="Of one picture")
    height: int
    sheet: str = Field(description="A JPEG as a `data:` address")


# A plain function: the server runs it in a thread, off its event loop.
@router.post(
    "/animations/motion", openapi_extra=described("Animation"), responses=may_answer(*BODY)
)
def animation_motion(
    services: ServicesHere,
    values: JsonObject,
    size: Annotated[int, Query(ge=32, le=256, description="The longer side of a picture")] = 144,
) -> MotionView:
    """See an animation's motion: its first picture, or a test card, moved as planned.

    Takes what a job of the kind `animation` takes, in the modes 2D and 3D. Without a depth picture
    a scene in 3D is a plane. A long animation is shown by some of its frames, up to the 1500th.
    """
    try:
        request = Animation.model_validate(values)
    except ValidationError as error:
        raise Refused(explain(error, Animation)) from error
    plan = plan_for(request, services.jobs.pictures.frames)
    if not plan.ok:
        raise Refused([found.problem for found in plan.errors])
    width, height = (max(SMALLEST, round(side * size / max(plan.size))) for side in plan.size)
    first, depth = _materials(request, plan, services.jobs.store, (width, height))
    made = motion_sheet(plan, first, depth)
    data = base64.b64encode(encode(made.image, "jpeg", QUALITY, "")).decode()
    return MotionView(
        at=made.at,
        columns=made.columns,
        width=made.width,
        height=made.height,
        sheet=f"data:image/jpeg;base64,{data}",
    )


def _materials(
    request: Animation, plan: Plan, store: Store, size: tuple[int, int]
) -> tuple[Levels, Depth | None]:
    """The picture that moves, (H, W, 3), and how far it is, where a picture of that was sent."""
    values = plan.settings.values
    sent = file_of(request.files, INIT, str(values[INIT] or "")) if values["use_init"] else None
    first = moving_card(*size)
    if sent:
        image = opened(store.data(sent)).convert("RGB")
        first = np.asarray(image.resize(size, Image.Resampling.LANCZOS))
    far = file_of(request.files, DEPTH, str(values[DEPTH] or "")) if values[DEPTH] else None
    is_picture = far is not None and store.get(far).is_picture
    return first, depth_of_file(store.data(far)) if far and is_picture else None
