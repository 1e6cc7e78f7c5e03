"""What detectors find, and the faces that can be found without a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Mask = npt.NDArray[np.uint8]

_SEEN = 384
"""Pixels of the longer side at which skin is looked for."""
_SKIN = ((0, 133, 77), (255, 173, 127))
"""Least and most of Y, Cr, Cb that skin of all tones has (Chai & Ngan, "Face segmentation using
skin-color map in videophone applications", 1999)."""
_LEAST = 0.004
"""Share of the picture that is no face but noise below it."""
_LONGEST = 2.2
"""How many times longer than wide a face with its neck may be."""


@dataclass(frozen=True)
class Find:
    """Something that was found.

    Attributes:
        mask: (H, W) of the picture, 255 where it is.
        score: 0..1.
        label: what it is.
    """

    mask: Mask
    score: float
    label: str = ""

    @property
    def share(self) -> float:
        """Of the picture."""
        return float(np.count_nonzero(self.mask)) / self.mask.size


def boxed(box: tuple[float, float, float, float], size: tuple[int, int]) -> Mask:
    """The mask of a box: left, top, right, bottom in pixels of a picture of (width, height)."""
    width, height = size
    left, top = max(round(box[0]), 0), max(round(box[1]), 0)
    mask = np.zeros((height, width), np.uint8)
    mask[top : max(round(box[3]), top), left : max(round(box[2]), left)] = 255
    return mask


def skin(picture: Image.Image) -> list[Find]:
    """Patches of skin that are as round as faces, with the ellipse that fits them as mask.

    The score is how much of the ellipse is skin. It finds faces on quiet backgrounds; sand and
    wood have the colours of skin, too.
    """
    scale = min(1.0, _SEEN / max(picture.size))
    small = picture.resize([max(8, round(side * scale)) for side in picture.size])
    patches = _patches(np.asarray(small.convert("RGB")))
    finds: list[Find] = []
    for outline in cv2.findContours(patches, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
        find = _face(outline, patches, picture.size)
        if find is not None:
            finds.append(find)
    return finds


def _patches(pixels: npt.NDArray[np.uint8]) -> Mask:
    """(h, w): where skin is, small holes (eyes, mouths) filled, thin bridges cut."""
    colours = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)
    found = cv2.inRange(colours, np.array(_SKIN[0]), np.array(_SKIN[1]))
    reach = max(3, min(found.shape) // 24) | 1
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return cv2.morphologyEx(
        cv2.morphologyEx(found, cv2.MORPH_OPEN, round_), cv2.MORPH_CLOSE, round_
    ).astype(np.uint8)


def _face(outline: Any, patches: Mask, size: tuple[int, int]) -> Find | None:
    """The find that an outline is, or None."""
    if len(outline) < 5 or cv2.contourArea(outline) < _LEAST * patches.size:
        return None
    centre, axes, angle = cv2.fitEllipse(outline)
    if not 0 < max(axes) <= _LONGEST * min(axes):
        return None
    filled = np.zeros_like(patches)
    cv2.drawContours(filled, [outline], -1, 255, cv2.FILLED)
    ellipse = np.zeros_like(patches)
    cv2.ellipse(ellipse, (centre, axes, angle), 255, cv2.FILLED)
    both = np.count_nonzero(filled & ellipse)
    score = both / max(np.count_nonzero(filled | ellipse), 1)
    mask = cv2.resize(ellipse, size, interpolation=cv2.INTER_NEAREST)
    return Find(mask.astype(np.uint8), float(score), "face")
