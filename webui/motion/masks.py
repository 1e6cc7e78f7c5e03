"""Composable masks as pixels: the expressions of `timeline.masks` over what their terms show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageEnhance

from webui.core.errors import UserError
from webui.imaging.masks import mask_of
from webui.timeline.masks import Mask, Pixels, Term, join

WHITE = 127
"""Above this level a mask lets the picture change."""


def _no_words(words: str) -> Image.Image:
    raise UserError("mask_words", "mask_schedule", words=words)


def _no_file(name: str) -> Image.Image:
    raise UserError("mask_file", "mask_schedule", name=name)


@dataclass(frozen=True)
class Sources:
    """What the terms of a mask stand for.

    Attributes:
        width, height: of the masks made, pixels.
        video: the mask of the frame from the clip of masks, `{video_mask}`.
        file: opens a picture file by the name in `[name]`.
        words: the mask of what `<words>` say, found in the picture by a network.

    The callables may raise UserError.
    """

    width: int
    height: int
    video: Image.Image | None = None
    file: Callable[[str], Image.Image] = field(default=_no_file)
    words: Callable[[str], Image.Image] = field(default=_no_words)


def composed(mask: Mask, sources: Sources) -> Pixels:
    """The pixels of an expression, (height, width), True where the picture may change.

    Raises:
        UserError: a term has no picture.
    """
    known: dict[Term, Pixels] = {}

    def pixels(term: Term) -> Pixels:
        if term not in known:
            known[term] = _pixels(term, sources)
        return known[term]

    return join(mask, pixels)


def _pixels(term: Term, sources: Sources) -> Pixels:
    if term.kind == "file":
        image = sources.file(term.value)
    elif term.kind == "words":
        image = sources.words(term.value)
    elif term.value == "everywhere":
        return np.ones((sources.height, sources.width), np.bool_)
    elif sources.video is None:
        raise UserError("mask_video", "mask_schedule")
    else:
        image = sources.video
    grey = mask_of(image)
    if grey.size != (sources.width, sources.height):
        grey = grey.resize((sources.width, sources.height), Image.Resampling.LANCZOS)
    return np.asarray(grey) > WHITE


def mask_image(pixels: Pixels) -> Image.Image:
    """A mask as an image of mode L, 255 where the picture may change."""
    return Image.fromarray(pixels.astype(np.uint8) * 255)


def adjusted(
    mask: Image.Image, contrast: float, brightness: float, native: bool = True
) -> Image.Image:
    """A mask with more or less contrast and brightness, factors of 1 for none.

    As built, Deforum takes each for the other (`native` false).
    """
    if not native:
        contrast, brightness = brightness, contrast
    for kind, factor in ((ImageEnhance.Contrast, contrast), (ImageEnhance.Brightness, brightness)):
        if factor != 1:
            mask = kind(mask).enhance(factor)
    return mask
