"""Between pictures, pixels and latents, and latents enlarged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from webui.imaging.masks import flattened

LATENT_UPSCALERS: Mapping[str, Mapping[str, Any]] = {
    "Latent": {"mode": "bilinear"},
    "Latent (antialiased)": {"mode": "bilinear", "antialias": True},
    "Latent (bicubic)": {"mode": "bicubic"},
    "Latent (bicubic antialiased)": {"mode": "bicubic", "antialias": True},
    "Latent (nearest)": {"mode": "nearest"},
    "Latent (nearest-exact)": {"mode": "nearest-exact"},
}
"""A1111's names, with what they ask of `torch.nn.functional.interpolate`."""


def enlarged(latents: Tensor, width: int, height: int, upscaler: str = "Latent") -> Tensor:
    """Latents (B, C, h, w) to (B, C, height, width), in latent pixels."""
    return interpolate(latents, size=(height, width), **LATENT_UPSCALERS[upscaler])


def to_images(pixels: Tensor, cut: bool = False) -> list[Image.Image]:
    """Pixels (B, 3, H, W) in 0..1 to 8-bit pictures.

    Args:
        cut: cut fractions of a level off, as A1111 does between the passes of a hires run;
            else the nearest level is taken.
    """
    levels = pixels.mul(255)
    levels = (levels if cut else levels.round()).clamp(0, 255).to(torch.uint8)
    return [Image.fromarray(one.permute(1, 2, 0).cpu().numpy()) for one in levels]


def to_pixels(images: Sequence[Image.Image]) -> Tensor:
    """RGB pictures of one size to pixels (B, 3, H, W) float32 in 0..1."""
    levels = torch.from_numpy(np.stack([np.asarray(image, np.float32) for image in images]))
    return levels.permute(0, 3, 1, 2).contiguous() / 255


def encodable(image: Image.Image, stride: int, longest: int = 2048) -> Image.Image:
    """The RGB picture at a size that an encoder takes: multiples of the stride, not too large."""
    share = min(1.0, longest / max(image.size))
    width, height = (max(int(side * share) // stride, 1) * stride for side in image.size)
    image = flattened(image)
    if image.size == (width, height):
        return image
    return image.resize((width, height), Image.Resampling.LANCZOS)
