"""A picture continued beyond its borders: the new area drawn in, part by part if it is large."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from webui.core.requests import LARGEST_SIDE, Outpaint
from webui.engine.plan import Plan
from webui.engine.recipes.over import draw_over, leg_of, plan_of
from webui.engine.recipes.shots import SEEDS, Shot
from webui.engine.recipes.told import drawn
from webui.engine.recipes.tools import Drawn, Leg, Tools
from webui.imaging.drift import without_drift
from webui.imaging.inpainting import InitSettings, Prepared, prepared
from webui.imaging.masks import Box
from webui.imaging.outpainting import extended
from webui.imaging.regions import MOST_AREA
from webui.models.family import Model
from webui.prompt.infotext import Value

REACH = 2
"""Part of the native size over which the picture's continuation is left behind."""
CONTEXT = 4
"""Part of the native size that is seen around a part."""
FINER = 0.3
"""Strength of what is drawn again at a larger scale."""
STEADY = 16
"""Part of what is seen at once; broader colours are the first stage's."""
NEXT_SEED = 1_000_003
"""Added from part to part: the same noise in all of them would draw the same things."""


def outpaint(request: Outpaint, batch: Sequence[Shot], tools: Tools) -> Iterator[Drawn]:
    """The pictures of one batch, see `tools.Recipe`.

    The picture itself stays as it is, to the bit, but for the seam at the sides that are extended.
    A canvas that the model can draw in one go is. Of a larger one the whole is drawn first, small,
    so that it belongs together, then ever smaller parts of it at ever more of their own size, each
    of which sees what stands next to it.
    """
    model = tools.model(request.model)
    image = tools.picture(request.image)
    canvases = _canvases(request, batch, image)
    stages = _stages(request, model, image.size, tools)
    values: dict[str, Value] = {}
    told, number = False, 0
    for stage in stages:
        there = _there(request, image.size)
        for box in stage.boxes:
            part = _Part(box, there, _seam(request, image.size), stage.reach)
            ready = [part.ready(canvas, stage.settings) for canvas in canvases]
            if not told:
                told = True
                tools.legs(_legs(stages, ready[0], model))
            moved = [_moved(shot, number) for shot in batch]
            before = canvases
            canvases, values = draw_over(request, model, moved, ready, stage.plan, tools)
            if stage.steady:
                rows = zip(canvases, before, ready, strict=True)
                canvases = [_steadied(*row, stage.steady) for row in rows]
            values["Size"] = f"{ready[0].width}x{ready[0].height}"
            part.finish()
            number += 1
    for shot, canvas in zip(batch, canvases, strict=True):
        yield drawn(request, shot, canvas, model, tools, values)


@dataclass(frozen=True, eq=False)
class _Stage:
    """All parts that are drawn at one scale.

    Attributes:
        boxes: the parts.
        plan: of drawing one.
        settings: how one is made ready.
        reach: pixels over which what was put there at first is left behind.
        steady: pixels; what is broader than that stays as the stage before drew it. 0 for nothing.
    """

    boxes: Sequence[Box]
    plan: Plan
    settings: InitSettings
    reach: int
    steady: int


def _stages(
    request: Outpaint, model: Model, picture: tuple[int, int], tools: Tools
) -> list[_Stage]:
    native, borders = _native(request, model), _borders(request)
    finer = request.with_(strength=min(request.strength, FINER))
    stages: list[_Stage] = []
    for scale in scales(picture, borders, native):
        sees = native[0] * scale, native[1] * scale
        boxes = list(parts_of(picture, borders, sees))
        settings = InitSettings(
            *native,
            mask_blur_x=0,  # the seam is in the mask already
            mask_blur_y=0,
            area="masked",
            padding=min(sees) // CONTEXT if len(boxes) > 1 else LARGEST_SIDE,
            color_correction=request.color_correction,
            keep_size=True,
            stride=model.latent.stride,
        )
        plan = plan_of(model, finer if stages else request, tools)
        steady = min(sees) // STEADY if stages else 0
        stages.append(_Stage(boxes, plan, settings, min(sees) // REACH, steady))
    return stages


def scales(picture: tuple[int, int], borders: Box, native: tuple[int, int]) -> list[int]:
    """How many times smaller than it is the canvas is drawn, stage after stage, down to 1."""
    left, top, right, bottom = borders
    area = (picture[0] + left + right) * (picture[1] + top + bottom)
    found = [1]
    while area > MOST_AREA * native[0] * native[1] * found[0] ** 2:
        found.insert(0, found[0] * 2)
    return found


def _steadied(drawn: Image.Image, before: Image.Image, ready: Prepared, radius: int) -> Image.Image:
    """What was drawn with the broad colours of before: a part alone knows little of the whole."""
    assert ready.overlay_mask is not None
    mask, new = ready.overlay_mask.crop(ready.box), drawn.crop(ready.box)
    steady = without_drift(new.convert("RGB"), before.crop(ready.box).convert("RGB"), radius)
    if new.mode == "RGBA":
        steady.putalpha(new.getchannel("A"))
    result = drawn.copy()
    result.paste(Image.composite(steady, new, mask), ready.box[:2])
    return result


def _legs(stages: Sequence[_Stage], ready: Prepared, model: Model) -> list[Leg]:
    return [leg_of(stage.plan, ready, model) for stage in stages for _ in stage.boxes]


def _borders(request: Outpaint) -> Box:
    return request.left, request.up, request.right, request.down


def _native(request: Outpaint, model: Model) -> tuple[int, int]:
    card = model.info.card
    return request.width or card.width, request.height or card.height


def _canvases(request: Outpaint, batch: Sequence[Shot], image: Image.Image) -> list[Image.Image]:
    """The picture of each shot with new borders."""
    left, up, right, down = _borders(request)
    return [extended(image, left, right, up, down, shot.seed)[0] for shot in batch]


def _moved(shot: Shot, number: int) -> Shot:
    return replace(shot, seed=(shot.seed + number * NEXT_SEED) % SEEDS)


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of the new area.

    Attributes:
        box: it, in the canvas.
        there: (H, W) bool, of the canvas: what is finished so far. All parts share it.
        seam: pixels by which what is there is blended over.
        reach: pixels over which what was put there at first is left behind.
    """

    box: Box
    there: NDArray[np.bool_]
    seam: int
    reach: int

    def finish(self) -> None:
        """It is drawn now."""
        left, top, right, bottom = self.box
        self.there[top:bottom, left:right] = True

    def ready(self, canvas: Image.Image, settings: InitSettings) -> Prepared:
        """The canvas, with all in sight that is not finished under the mask.

        What was put there continues the picture (see `imaging.outpainting`), so the latents may
        change the more the farther from the picture they are.
        """
        left, top, right, bottom = self.box
        core = np.zeros(self.there.shape, np.uint8)
        core[top:bottom, left:right] = np.where(self.there[top:bottom, left:right], 0, 255)
        one = prepared(canvas, Image.fromarray(core), settings)
        left, top, right, bottom = one.box
        there = self.there[top:bottom, left:right].astype(np.uint8)
        outside, inside = _distance(1 - there), _distance(there)
        over = np.where(there, 1 - inside / (self.seam + 1), 1).clip(0, 1)
        change = (outside - inside + self.seam) / (self.reach + self.seam)
        whole = Image.new("L", canvas.size)
        whole.paste(Image.fromarray(np.rint(over * 255).astype(np.uint8)), (left, top))
        size = one.width // settings.stride, one.height // settings.stride
        latent = cv2.resize(change.clip(0, 1), size, interpolation=cv2.INTER_AREA)
        new = Image.fromarray(255 - 255 * there).resize((one.width, one.height))
        return replace(one, mask=new, overlay_mask=whole, latent_mask=latent.astype(np.float32))


def _distance(places: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels from each place that is 1 to the nearest that is 0."""
    return np.asarray(cv2.distanceTransform(places, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def _there(request: Outpaint, picture: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W), of the canvas: where the picture is."""
    left, top, right, bottom = _borders(request)
    there = np.zeros((picture[1] + top + bottom, picture[0] + left + right), np.bool_)
    there[top : top + picture[1], left : left + picture[0]] = True
    return there


def _seam(request: Outpaint, picture: tuple[int, int]) -> int:
    """No more than leaves something of a tiny picture as it is."""
    return min(request.mask_blur, (min(picture) - 1) // 2)


def parts_of(picture: tuple[int, int], borders: Box, native: tuple[int, int]) -> Iterator[Box]:
    """In which parts the new area is drawn: those next to the picture first.

    Sides before top and bottom, which then reach over the corners too. A part is as long as the
    model's native size and half as deep at most: with what is seen around it, that is no more
    than the model draws in one go.

    Args:
        picture: width and height.
        borders: left, top, right, bottom: pixels that are added.
    """
    left, top, right, bottom = borders
    width, height = picture[0] + left + right, picture[1] + top + bottom
    if width * height <= MOST_AREA * native[0] * native[1]:
        yield 0, 0, width, height
        return
    for edge, end in ((left, 0), (width - right, width)):
        for start, stop in _outwards(edge, end, native[0] // 2):
            for low, high in _spans(top, height - bottom, native[1]):
                yield start, low, stop, high
    for edge, end in ((top, 0), (height - bottom, height)):
        for start, stop in _outwards(edge, end, native[1] // 2):
            for low, high in _spans(0, width, native[0]):
                yield low, start, high, stop


def _outwards(edge: int, end: int, most: int) -> list[tuple[int, int]]:
    """Spans from the picture's edge out to the end, the nearest first."""
    spans = _spans(min(edge, end), max(edge, end), most)
    return spans if end > edge else spans[::-1]


def _spans(start: int, end: int, most: int) -> list[tuple[int, int]]:
    """start..end in equal spans."""
    count = math.ceil((end - start) / most)
    places = [start + (end - start) * number // max(count, 1) for number in range(count + 1)]
    return list(zip(places, places[1:], strict=False))
