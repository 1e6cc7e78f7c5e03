"""The part in a job: each finished picture is looked at, and what is found is drawn anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image

from webui.ext import Drawing, JobView, Participant

from .detectors import detector
from .finds import Find, Mask
from .options import Options, Pass
from .told import told

_BETWEEN = re.compile(r"\s*\[SEP\]\s*")
_OWN = "[PROMPT]"


class Detail(Participant):
    """All passes of a job."""

    order = 90

    def __init__(self, job: JobView, options: Options) -> None:
        self._job = job
        self._options = options
        self._numbers: Iterator[int] = iter(())

    def frame(self, job: JobView, before: JobView) -> bool:
        """Never: another frame has its own pictures and seed."""
        return False

    def start(self, numbers: Sequence[int]) -> None:
        self._numbers = iter(numbers)

    def image(self, image: Image.Image) -> Image.Image:
        number = next(self._numbers, 0)
        for one in self._options.passes:
            image = self._passed(one, image, number)
        return image

    def parameters(self) -> Mapping[str, str]:
        return told(self._options.passes)

    def _passed(self, one: Pass, image: Image.Image, number: int) -> Image.Image:
        services = self._job.services
        services.check()
        plain = image.convert("RGB")
        masks = masks_of(detector(one.detector, services)(plain, one.confidence), one)
        for place, mask in enumerate(masks):
            services.check()
            plain = services.inpaint(plain, Image.fromarray(mask), self._asked(one, place, number))
        return plain if masks else image

    def _asked(self, one: Pass, place: int, number: int) -> dict[str, Any]:
        """The values of the request for one find."""
        asked: dict[str, Any] = {
            "number": number,
            "strength": one.strength,
            "padding": one.padding,
            "mask_blur": one.blur,
        }
        request = self._job.request
        assert isinstance(request, Drawing)
        own = request.prompts[number] if request.prompts else request.prompt
        avoided = request.negative_prompt
        if request.negative_prompts:
            avoided = request.negative_prompts[number]
        for name, text, theirs in (
            ("prompt", one.prompt, own),
            ("negative_prompt", one.negative_prompt, avoided),
        ):
            if text.strip():
                texts = _BETWEEN.split(text.strip())
                asked[name] = texts[min(place, len(texts) - 1)].replace(_OWN, theirs)
        asked |= {"steps": one.steps} if one.steps else {}
        return asked | ({"cfg_scale": max(one.cfg_scale, 1)} if one.cfg_scale else {})


def masks_of(finds: Sequence[Find], one: Pass) -> list[Mask]:
    """The masks that are drawn anew one after the other, the largest find first."""
    labels = {label.strip().casefold() for label in one.labels.split(",")} - {""}
    kept = [
        find
        for find in finds
        if (not labels or find.label.casefold() in labels)
        and one.smallest <= find.share <= one.largest
    ]
    kept.sort(key=lambda find: -find.share)
    changed = [_changed(find.mask, one) for find in kept[: one.count or None]]
    masks = [mask for mask in changed if mask.any()]
    return [np.maximum.reduce(masks)] if one.merge and masks else masks


def _changed(mask: Mask, one: Pass) -> Mask:
    """Grown or shrunk, then moved."""
    reach = abs(one.dilate)
    if reach:
        round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        change = cv2.MORPH_DILATE if one.dilate > 0 else cv2.MORPH_ERODE
        mask = cv2.morphologyEx(
            mask, change, round_, borderType=cv2.BORDER_CONSTANT, borderValue=0
        ).astype(np.uint8)
    if one.right or one.down:
        by = np.array([[1, 0, one.right], [0, 1, one.down]], np.float32)
        mask = cv2.warpAffine(mask, by, mask.shape[::-1], flags=cv2.INTER_NEAREST).astype(np.uint8)
    return mask
