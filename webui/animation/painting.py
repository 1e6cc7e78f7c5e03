"""Frames drawn by the same recipes as pictures: from text, or over what the camera has moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from webui.animation.films import Films
from webui.animation.stage import ALONE, Array, Given
from webui.core.animation import Animation
from webui.core.pictures import PictureRef
from webui.core.requests import Img2Img, Inpaint, Txt2Img
from webui.core.sampling import sampler_and_schedule
from webui.core.scheduled import at_frame
from webui.engine.recipes import RECIPES, Drawn, Tools, batches
from webui.imaging.color import color_corrected, color_target
from webui.imaging.masks import mask_of
from webui.motion.pictures import to_image
from webui.timeline.frames import FramePlan
from webui.timeline.limits import (
    CLIP_SKIP,
    GUIDANCE,
    IMAGE_GUIDANCE,
    NOISE_MULTIPLIER,
    SHARE,
    STEPS,
)
from webui.timeline.plan import Plan

_WORKING: PictureRef = f"sha256:{'0' * 64}"
"""Stands for the picture in work, which is in no store."""
_LARGEST_SEED = 2**32
_LARGEST_SIDE = 2048


class Painter:
    """Draws the frames of an animation."""

    def __init__(
        self,
        request: Animation,
        plan: Plan,
        size: tuple[int, int],
        tools: Tools,
        begun: Callable[[int], None] = lambda frame: None,
        films: Films | None = None,
    ) -> None:
        """Draw nothing yet.

        Args:
            size: width and height of what is drawn.
            begun: told the number of each frame before it is drawn.
            films: that the values of extensions name.
        """
        self._request = request
        self._plan = plan
        self._size = size
        self._tools = tools
        self._begun = begun
        self._films = films

    def __call__(
        self, frame: FramePlan, picture: Array | None, given: Given = ALONE, /
    ) -> tuple[Array, Drawn]:
        """See `stage.Paint`."""
        self._begun(frame.frame)
        if picture is None or frame.denoising_strength is None:
            request: Any = Txt2Img.model_validate(self._values(frame, "txt2img"))
        elif given.mask is None:
            request = Img2Img.model_validate(self._over(frame, "img2img"))
        else:
            request = Inpaint.model_validate(self._within(frame))
        tools = self._extended(request, self._tools_with(frame, picture, given.mask), frame.frame)
        (batch,) = batches(request)
        (drawn,) = RECIPES[request.kind](request, batch, tools)
        image = drawn.image.convert("RGB")
        if given.colours is not None:
            image = color_corrected(image, color_target(Image.fromarray(given.colours)))
        return np.asarray(image), drawn

    def _extended(self, request: Any, tools: Tools, frame: int) -> Tools:
        """With those who take part for the values that extensions have at this frame."""

        def shown(ref: PictureRef) -> Image.Image:
            found = self._films.at(ref, frame) if self._films else None
            return tools.picture(ref) if found is None else found

        def masked(ref: PictureRef) -> Image.Image:
            found = self._films.at(ref, frame) if self._films else None
            return tools.mask(ref) if found is None else mask_of(found)

        extended = tools.extended(request, shown, masked)
        for one in extended:
            one.start([frame])
        return replace(tools, participants=[*tools.participants, *extended])

    def _tools_with(
        self, frame: FramePlan, picture: Array | None, mask: Image.Image | None
    ) -> Tools:
        """What the recipe is given: the picture and mask in work, and the frame's sampler noise."""
        options = self._tools.options
        etas = {"eta_ddim": frame.eta_ddim, "eta": frame.eta_ancestral}
        given = {name: max(eta, 0.0) for name, eta in etas.items() if eta is not None}
        tools = replace(self._tools, options=replace(options, **given))
        if picture is None:
            return tools
        image = to_image(picture.astype(np.float32))
        masks = mask or Image.new("L", image.size, 255)
        return replace(
            tools,
            picture=lambda ref: self._picture(ref, image),
            mask=lambda ref: masks if ref == _WORKING else self._tools.mask(ref),
        )

    def _picture(self, ref: PictureRef, image: Image.Image) -> Image.Image:
        return image if ref == _WORKING else self._tools.picture(ref)

    def _within(self, frame: FramePlan) -> Mapping[str, Any]:
        """With A1111's fields of a mask, which Deforum hands over."""
        value = self._plan.value
        return {
            **self._over(frame, "inpaint"),
            "mask": _WORKING,
            "mask_blur": min(max(value("mask_overlay_blur"), 0), 64),
            "content": value("fill").replace(" ", "_"),
            "area": "masked" if value("full_res_mask") else "whole",
            "padding": min(max(value("full_res_mask_padding"), 0), 256),
        }

    def _over(self, frame: FramePlan, kind: str) -> dict[str, Any]:
        multiplier = frame.noise_multiplier
        return {
            **self._values(frame, kind),
            "image": _WORKING,
            "strength": frame.denoising_strength,
            "image_cfg_scale": IMAGE_GUIDANCE.of(frame.image_cfg_scale),
            "noise_multiplier": 1.0 if multiplier is None else NOISE_MULTIPLIER.of(multiplier),
        }

    def _values(self, frame: FramePlan, kind: str) -> dict[str, Any]:
        request, (width, height) = self._request, self._size
        sampler, schedule = sampler_and_schedule(frame.sampler, None)
        values: dict[str, Any] = {
            "kind": kind,
            "prompt": frame.prompt.strip() or " ",
            "negative_prompt": frame.negative_prompt,
            "model": frame.checkpoint or request.model,
            "vae": request.vae,
            "sampler": sampler,
            "schedule": schedule,
            "steps": int(STEPS.of(frame.steps)),
            "cfg_scale": GUIDANCE.of(frame.cfg_scale),
            "width": width,
            "height": height,
            "seed": self._seed(frame.seed, frame.frame),
            "seed_resize_width": _side(self._plan.value("seed_resize_from_w")),
            "seed_resize_height": _side(self._plan.value("seed_resize_from_h")),
            "variation_seed": max(frame.subseed, 0),
            "variation_strength": SHARE.of(frame.subseed_strength),
            "clip_skip": int(CLIP_SKIP.of(frame.clip_skip or 0)) or 1,
            "noise_source": request.noise_source or "nv",
            "extensions": at_frame(request.extensions, partial(self._number, frame.frame)),
        }
        if not values["prompt"].strip():
            values["prompt"] = "."  # text to image wants a text; this one says nothing
        return values

    def _number(self, frame: int, series: str) -> float:
        return float(self._plan.series[series][frame])

    def _seed(self, seed: int, frame: int) -> int:
        """A seed that is left to chance comes from the start seed, so that it comes again."""
        return seed if seed >= 0 else (self._plan.start_seed + frame) % _LARGEST_SEED


def _side(value: float) -> int:
    """Of the noise that is made at another size; 0 for none."""
    return int(min(max(value, 0), _LARGEST_SIDE))
