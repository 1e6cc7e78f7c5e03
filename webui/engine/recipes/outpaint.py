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
from webui.engine.recipes.over import draw_over, leg_of, plan_of
from webui.engine.recipes.shots import SEEDS, Shot
from webui.engine.recipes.told import drawn
from webui.engine.recipes.tools import Drawn, Tools
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
NEXT_SEED = 1_000_003
"""Added from part to part: the same noise in all of them would draw the same things."""


def outpaint(request: Outpaint, batch: Sequence[Shot], tools: Tools) -> Iterator[Drawn]:
    """The pictures of one batch, see `tools.Recipe`.

    The picture itself stays as it is, to the bit, but for the seam at the sides that are extended.
    A canvas that the model can draw in one go is; of a larger one the new area is drawn in parts,
    each of which sees what stands next to it.
    """
    model = tools.model(request.model)
    image = tools.picture(request.image)
    canvases = _canvases(request, batch, image)
    native = _native(request, model)
    boxes = list(parts_of(image.size, _borders(request), native))
    settings = _settings(request, model, native, len(boxes))
    plan = plan_of(model, request, tools)
    there = _there(request, image.size)
    values: dict[str, Value] = {}
    for number, box in enumerate(boxes):
        part = _Part(box, there, _seam(request, image.size), min(native) // REACH)
        ready = [part.ready(canvas, settings) for canvas in canvases]
        if not number:
            tools.legs([leg_of(plan, ready[0], model)] * len(boxes))
        moved = [_moved(shot, number) for shot in batch]
        canvases, values = draw_over(request, model, moved, ready, plan, tools)
        values["Size"] = f"{ready[0].width}x{ready[0].height}"
        part.finish()
    for shot, canvas in zip(batch, canvases, strict=True):
        yield drawn(request, shot, canvas, model, tools, values)


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


def _settings(request: Outpaint, model: Model, native: tuple[int, int], parts: int) -> InitSettings:
    """In one part everything is seen, else some of it around the part."""
    return InitSettings(
        *native,
        mask_blur_x=0,  # the seam is in the mask already
        mask_blur_y=0,
        area="masked",
        padding=LARGEST_SIDE if parts == 1 else min(native) // CONTEXT,
        color_correction=request.color_correction,
        keep_size=True,
        stride=model.latent.stride,
    )


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
