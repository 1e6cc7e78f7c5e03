"""Pictures that move as a clip does, and are mixed with its frames: Deforum's hybrid video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageEnhance, ImageOps

from webui.core.errors import UserError
from webui.motion.camera import Matrix, grid_2d
from webui.motion.flow import grey_levels
from webui.motion.pictures import Levels, Picture, to_levels
from webui.motion.sampling import Mode, sampled

Kind = Literal["Perspective", "Affine"]
MaskKind = Literal["None", "Depth", "Video Depth", "Blend", "Difference"]
Equalize = Literal["None", "Before", "After", "Both"]

MATCHES = 8
"""So many matches or fewer say nothing of the motion."""
_RATIO = 0.75
_PIXELS = 5.0
_Number = TypeVar("_Number", np.uint8, np.float32)


def motion_matrix(first: npt.NDArray[Any], second: npt.NDArray[Any], kind: Kind) -> Matrix:
    """The motion from one picture to another as one matrix, (3, 3), source to destination.

    Corners of the two are matched by SIFT (Lowe 2004) and what most of them do is taken (RANSAC).

    Args:
        first, second: (H, W, 3) RGB, levels 0…255.

    Returns:
        No motion where too few corners match.
    """
    own, others = _matches(first, second)
    if len(own) <= MATCHES:
        return np.eye(3)
    if kind == "Perspective":
        matrix: Any = cv2.findHomography(own, others, cv2.RANSAC, _PIXELS)[0]
    else:
        matrix = cv2.estimateAffinePartial2D(
            own, others, method=cv2.RANSAC, ransacReprojThreshold=_PIXELS
        )[0]
        matrix = None if matrix is None else np.vstack([matrix, [0, 0, 1]])
    if matrix is None or not np.isfinite(matrix).all():
        return np.eye(3)
    return np.asarray(matrix, np.float64)


def _matches(
    first: npt.NDArray[Any], second: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Places of corners in both pictures, (n, 2) each."""
    sift = cv2.SIFT.create()
    found: list[Any] = [
        sift.detectAndCompute(grey_levels(one), cast(Any, None)) for one in (first, second)
    ]
    (corners, own), (other_corners, others) = found
    none = np.zeros((0, 2), np.float32)
    if own is None or others is None or len(others) < 2:
        return none, none
    pairs = cv2.BFMatcher().knnMatch(own, others, k=2)
    good = [best for best, next_best in pairs if best.distance < _RATIO * next_best.distance]
    if not good:
        return none, none
    return (
        np.array([corners[match.queryIdx].pt for match in good], np.float32),
        np.array([other_corners[match.trainIdx].pt for match in good], np.float32),
    )


def moved_by_matrix(
    picture: npt.NDArray[_Number], matrix: Matrix, mode: Mode = "bilinear"
) -> npt.NDArray[_Number]:
    """A picture moved by a matrix; whole levels are rounded again.

    Raises:
        UserError: the matrix squeezes it to nothing.
    """
    if np.array_equal(matrix, np.eye(3)):
        return picture.copy()
    height, width = picture.shape[:2]
    places = grid_2d(matrix, width, height)
    made = sampled(picture.astype(np.float32, copy=False), *places, mode, "mirror")
    return (to_levels(made) if picture.dtype == np.uint8 else made).astype(picture.dtype)


@dataclass(frozen=True)
class CompositeMask:
    """How the mask of a composite is made, under Deforum's names without `hybrid_comp_mask_`.

    Attributes:
        type: what it is made of; None for no mask, the clip everywhere.
        inverse: whether it is turned round.
        equalize: whether its histogram is made even, before or after the next two.
        contrast: factor.
        auto_contrast: whether it is stretched between two percentiles.
        cutoff_low, cutoff_high: those, 0…100.
        blend_alpha: share of the clip in the grey that a mask of type Blend is.

    Raises:
        UserError: a value cannot be used; its field names the schedule.
    """

    type: MaskKind = "None"
    inverse: bool = False
    equalize: Equalize = "None"
    contrast: float = 1
    auto_contrast: bool = False
    cutoff_low: float = 0
    cutoff_high: float = 100
    blend_alpha: float = 0.5

    def __post_init__(self) -> None:
        low, high = "auto_contrast_cutoff_low", "auto_contrast_cutoff_high"
        for name, value, wanted, fits in (
            ("contrast", self.contrast, "-1000…1000", abs(self.contrast) <= 1000),
            ("blend_alpha", self.blend_alpha, "-1000…1000", abs(self.blend_alpha) <= 1000),
            (low, self.cutoff_low, "0…100", 0 <= self.cutoff_low <= 100),
            (high, self.cutoff_high, "0…100", 0 <= self.cutoff_high <= 100),
        ):
            if not fits:
                parameter = f"hybrid_comp_mask_{name}_schedule"
                told = {"parameter": parameter, "value": f"{value:.6g}", "wanted": wanted}
                raise UserError("motion_bounds", parameter, **told)


def composite_mask(
    previous: Levels, clip: Levels, how: CompositeMask, depth: Levels | None = None
) -> Image.Image | None:
    """The mask of a composite, mode L: white where the previous picture stays; None for nowhere.

    Args:
        previous, clip: (H, W, 3) RGB of one size.
        depth: (H, W), white near; of the previous picture for `Depth`, of the clip's frame for
            `Video Depth`.
    """
    mask = _plain_mask(previous, clip, how, depth)
    if mask is None:
        return None
    if how.inverse:
        mask = ImageOps.invert(mask)
    if how.equalize in ("Before", "Both"):
        mask = ImageOps.equalize(mask)
    mask = ImageEnhance.Contrast(mask).enhance(how.contrast)
    if how.auto_contrast:
        mask = _stretched(mask, how.cutoff_low, how.cutoff_high)
    return ImageOps.equalize(mask) if how.equalize in ("After", "Both") else mask


def _plain_mask(
    previous: Levels, clip: Levels, how: CompositeMask, depth: Levels | None
) -> Image.Image | None:
    if how.type == "None":
        return None
    if how.type in ("Depth", "Video Depth"):
        if depth is None:
            raise UserError("hybrid_depth", "hybrid_comp_mask_type")
        return Image.fromarray(depth)
    both = [ImageOps.grayscale(Image.fromarray(levels)) for levels in (previous, clip)]
    if how.type == "Blend":
        return Image.blend(both[0], both[1], how.blend_alpha)
    return ImageChops.difference(both[0], both[1])


def _stretched(mask: Image.Image, low: float, high: float) -> Image.Image:
    levels = np.asarray(mask)
    darkest, lightest = np.percentile(levels, [low, high])
    if lightest <= darkest:
        return mask
    stretched = (levels - darkest) / (lightest - darkest) * 255
    return Image.fromarray(np.clip(stretched, 0, 255).astype(np.uint8))


def deforum_composited(
    previous: Levels, clip: Levels, mask: Image.Image | None, alpha: float
) -> Levels:
    """Deforum's mix of the previous picture and the clip's frame, (H, W, 3) RGB, in 8 bits.

    Args:
        mask: of `composite_mask`; None for the clip everywhere.
        alpha: how much of the mix is taken, 0…1.
    """
    own, other = Image.fromarray(previous), Image.fromarray(clip)
    mixed = other if mask is None else Image.composite(own, other, mask)
    return np.asarray(Image.blend(own, mixed, alpha), np.uint8)


def composited(previous: Picture, clip: Picture, mask: Image.Image | None, alpha: float) -> Picture:
    """Our mix, with all fractions."""
    share = np.full(previous.shape[:2], alpha, np.float32)
    if mask is not None:
        share *= 1 - np.asarray(mask, np.float32) / np.float32(255)
    return np.asarray(previous + share[..., None] * (clip - previous), np.float32)
