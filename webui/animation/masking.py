"""Where a frame may change: masks from pictures, clips and expressions of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from webui.animation.stage import Array, Stage
from webui.core.errors import UserError
from webui.imaging.masks import mask_of
from webui.motion.masks import Sources, adjusted, composed, mask_image
from webui.motion.pictures import to_levels
from webui.timeline.footage import INIT, MASK
from webui.timeline.masks import parse_mask


def is_masked(stage: Stage) -> bool:
    """Whether the settings have a mask."""
    return bool(stage.plan.value("use_mask") or stage.plan.value("use_mask_video"))


def mask_at(stage: Stage, frame: int, picture: Array | None = None) -> Image.Image | None:
    """Where a frame is drawn, mode L, white where it may change; None for everywhere.

    In Deforum's mode `invert_mask` takes the mask away, as built.

    Args:
        picture: (H, W, 3) what the frame begins with, in which words are looked for.
    """
    native = stage.plan.settings.native
    if not is_masked(stage) or (stage.plan.value("invert_mask") and not native):
        return None
    base = _base(stage, frame)
    made = _expression(stage, frame, "mask_schedule", base, picture)
    if made.getbbox() is None and not native:
        made = base  # a black result counts as none
    value = stage.plan.value
    made = adjusted(made, value("mask_contrast_adjust"), value("mask_brightness_adjust"), native)
    return ImageOps.invert(made) if value("invert_mask") else made


def noise_mask_at(
    stage: Stage, frame: int, picture: Array | None = None
) -> npt.NDArray[np.float32] | None:
    """Where a frame gets noise, (H, W) in 0…1; None for everywhere.

    picture: (H, W, 3) that gets it.
    """
    if not stage.plan.value("use_noise_mask"):
        return None
    base = _base(stage, frame) if is_masked(stage) else None
    made = _expression(stage, frame, "noise_mask_schedule", base, picture)
    return np.asarray(made, np.float32) / np.float32(255)


def overlaid(stage: Stage, picture: Array, frame: int) -> Array:
    """A frame with what lies outside of its mask as it was given, if the settings want that."""
    if not is_masked(stage) or not stage.plan.value("overlay_mask"):
        return picture
    below = _below(stage, frame)
    if below is None:
        return picture
    mask = _base(stage, frame)
    mask = ImageOps.invert(mask) if stage.plan.value("invert_mask") else mask
    if picture.dtype == np.uint8:
        own, other = Image.fromarray(picture), Image.fromarray(below)
        return np.asarray(Image.composite(own, other, mask))
    share = np.asarray(mask, np.float32)[..., None] / np.float32(255)
    return below + share * (picture - below)


def _below(stage: Stage, frame: int) -> Array | None:
    """What is laid under a frame: the clip's, or the picture that the animation begins with."""
    clip = stage.material.clip
    if stage.plan.mode == "Video Input" or stage.plan.value("use_mask_video"):
        return None if clip is None else clip(frame)
    return stage.beginning()


def _base(stage: Stage, frame: int) -> Image.Image:
    """The mask that `{video_mask}` stands for, of the size that is drawn."""
    value, material = stage.plan.value, stage.material
    if material.mask_clip is not None:
        return Image.fromarray(material.mask_clip(frame)).convert("L")
    if value("use_alpha_as_mask"):
        image = material.picture(INIT, str(value(INIT) or ""))
        alpha = image.getchannel("A") if "A" in image.getbands() else None
        if alpha is not None and alpha.getextrema() != (255, 255):
            return ImageOps.invert(_sized(alpha, stage))  # what can be seen through may change
        return Image.new("L", stage.size, 255)
    return _sized(mask_of(material.picture(MASK, str(value(MASK) or ""))), stage)


def _sized(mask: Image.Image, stage: Stage) -> Image.Image:
    if mask.size == stage.size:
        return mask
    return mask.resize(stage.size, Image.Resampling.LANCZOS)


def _expression(
    stage: Stage, frame: int, schedule: str, base: Image.Image | None, picture: Array | None
) -> Image.Image:
    text = stage.plan.texts[schedule][frame]
    if text.strip() == "{video_mask}" and base is not None:
        return base  # with all its greys
    width, height = stage.size

    def words(text: str) -> Image.Image:
        levels = None if picture is None else to_levels(np.asarray(picture, np.float32))
        found = None if levels is None else stage.words(text, levels)
        if found is None:
            raise UserError("mask_words", f"settings.{schedule}", words=text)
        return found

    sources = Sources(
        width,
        height,
        video=base,
        file=lambda name: stage.material.picture(name, name),
        words=words,
    )
    made: Any = composed(parse_mask(text, dangling=not stage.plan.settings.native), sources)
    return mask_image(made)
