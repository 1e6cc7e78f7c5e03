"""Maps that need no network: edges, lines, tones and colours by OpenCV.

Names and numbers are those of A1111's ControlNet extension, where it has the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps
from pydantic import BaseModel, Field

from webui.ext import Preprocessor

Array = npt.NDArray[Any]


def _field(default: float, low: float, high: float, en: str, pl: str) -> Any:
    titles: Any = {"titles": {"pl": pl}}
    return Field(default=default, ge=low, le=high, title=en, json_schema_extra=titles)


class Canny(BaseModel):
    """Of Canny's edges: weak ones count where they touch a strong one."""

    low: int = _field(100, 1, 255, "Low threshold", "Próg dolny")
    high: int = _field(200, 1, 255, "High threshold", "Próg górny")


class Threshold(BaseModel):
    """0 chooses it by itself (Otsu)."""

    threshold: int = _field(127, 0, 255, "Threshold", "Próg")


class Xdog(BaseModel):
    """Of the difference of two blurs."""

    threshold: int = _field(32, 1, 64, "Threshold", "Próg")


class Shuffle(BaseModel):
    """The same seed moves the same way."""

    seed: int = _field(0, 0, 2**31 - 1, "Seed", "Ziarno")


class Tile(BaseModel):
    """How many times smaller the picture becomes."""

    factor: float = _field(1, 1, 8, "Times smaller", "Ile razy mniejszy")


class Blur(BaseModel):
    """Of a Gaussian, in pixels."""

    sigma: float = _field(9, 0.01, 64, "Sigma", "Sigma")


class Gamma(BaseModel):
    """Brighter below 1."""

    gamma: float = _field(1, 0.1, 2, "Gamma", "Gamma")


class Height(BaseModel):
    """How steep the light and dark of a picture are taken to be."""

    strength: float = _field(2, 0.1, 20, "Steepness", "Stromość")


class Depth(BaseModel):
    """Whether near is dark in the file."""

    invert: bool = Field(
        default=False,
        title="Near is dark",
        json_schema_extra={"titles": {"pl": "Bliskie jest ciemne"}},
    )


def canny(picture: Image.Image, options: Canny) -> Image.Image:
    return Image.fromarray(cv2.Canny(np.asarray(picture), options.low, options.high))


def invert(picture: Image.Image, options: None) -> Image.Image:
    return ImageOps.invert(picture)


def threshold(picture: Image.Image, options: Threshold) -> Image.Image:
    gray = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2GRAY)
    how = cv2.THRESH_BINARY if options.threshold else cv2.THRESH_BINARY + cv2.THRESH_OTSU
    return Image.fromarray(cv2.threshold(gray, options.threshold, 255, how)[1])


def scribble_xdog(picture: Image.Image, options: Xdog) -> Image.Image:
    """Lines where a picture is darker than its surroundings (Winnemoller et al., 2012)."""
    pixels = np.asarray(picture, np.float32)
    fine, broad = (cv2.GaussianBlur(pixels, (0, 0), sigma) for sigma in (0.5, 5.0))
    dark = (255 - np.min(broad - fine, axis=2)).clip(0, 255).astype(np.uint8)
    lines = 2 * (255 - dark.astype(np.float32)) > options.threshold
    return Image.fromarray(lines.astype(np.uint8) * 255)


def lineart_standard(picture: Image.Image, options: None) -> Image.Image:
    """Soft lines where a picture is darker than its surroundings."""
    pixels = np.asarray(picture, np.float32)
    darker = np.min(cv2.GaussianBlur(pixels, (0, 0), 6.0) - pixels, axis=2).clip(0, 255)
    lines = darker[darker > 8]
    usual = float(np.median(lines)) if lines.size else 16.0
    return Image.fromarray((darker / max(16.0, usual) * 127).clip(0, 255).astype(np.uint8))


def shuffle(picture: Image.Image, options: Shuffle) -> Image.Image:
    """The colours stay, their places do not: pixels come from where smooth noise says."""
    dice = np.random.default_rng(options.seed)
    height, width = picture.height, picture.width
    places = [_noise_disk(height, width, dice) * (side - 1) for side in (width, height)]
    moved = cv2.remap(np.asarray(picture), *places, interpolation=cv2.INTER_LINEAR)
    return Image.fromarray(moved)


def _noise_disk(height: int, width: int, dice: np.random.Generator, grain: int = 256) -> Array:
    """(height, width) float32 in 0..1, smooth over `grain` pixels."""
    coarse = dice.random((height // grain + 2, width // grain + 2))
    fine = cv2.resize(
        coarse, (width + 2 * grain, height + 2 * grain), interpolation=cv2.INTER_CUBIC
    )
    top, left = dice.integers(0, grain, 2)
    cut = fine[top : top + height, left : left + width]
    return ((cut - cut.min()) / max(float(np.ptp(cut)), 1e-8)).astype(np.float32)


def tile_resample(picture: Image.Image, options: Tile) -> Image.Image:
    if options.factor <= 1:
        return picture
    width, height = (max(1, round(side / options.factor)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX)


def blur_gaussian(picture: Image.Image, options: Blur) -> Image.Image:
    return Image.fromarray(cv2.GaussianBlur(np.asarray(picture), (0, 0), options.sigma))


def recolor_luminance(picture: Image.Image, options: Gamma) -> Image.Image:
    """The light of Lab."""
    light = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2LAB)[:, :, 0]
    return _with_gamma(light, options)


def recolor_intensity(picture: Image.Image, options: Gamma) -> Image.Image:
    """The value of HSV."""
    value = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2HSV)[:, :, 2]
    return _with_gamma(value, options)


def _with_gamma(gray: Array, options: Gamma) -> Image.Image:
    values = (gray.astype(np.float32) / 255) ** options.gamma * 255
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def normal_gradient(picture: Image.Image, options: Height) -> Image.Image:
    """Normals of the surface whose height is the picture's light (r, g, b = x, y, z)."""
    gray = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    smooth = cv2.GaussianBlur(gray, (0, 0), 1.0)
    slopes = [cv2.Sobel(smooth, cv2.CV_32F, 1 - axis, axis) for axis in (0, 1)]
    x, y = (-slope * options.strength for slope in slopes)
    normal = np.stack([x, -y, np.ones_like(x)], axis=2)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    return Image.fromarray(((normal + 1) * 127.5).clip(0, 255).astype(np.uint8))


def depth_file(picture: Image.Image, options: Depth) -> Image.Image:
    """A depth map that somebody made, stretched to the whole range."""
    gray = np.asarray(picture.convert("L"), np.float32)
    stretched = ((gray - gray.min()) / max(float(np.ptp(gray)), 1e-8) * 255).round()
    values = 255 - stretched if options.invert else stretched
    return Image.fromarray(values.astype(np.uint8))


def inpaint(picture: Image.Image, options: None) -> Image.Image:
    """The picture itself; what the mask covers is left out when the network is shown it."""
    return picture


_Row = tuple[Callable[..., Image.Image], type[BaseModel] | None, str, str]
_ROWS: tuple[_Row, ...] = (
    (canny, Canny, "Edges (Canny)", "Krawędzie (Canny)"),
    (lineart_standard, None, "Line art, soft", "Rysunek liniowy, miękki"),
    (scribble_xdog, Xdog, "Scribble (XDoG)", "Szkic (XDoG)"),
    (depth_file, Depth, "Depth from this picture", "Głębia z tego obrazu"),
    (normal_gradient, Height, "Normals from light and dark", "Normalne z jasności"),
    (threshold, Threshold, "Black and white", "Czerń i biel"),
    (invert, None, "Inverted", "Odwrócone kolory"),
    (tile_resample, Tile, "Tile, smaller", "Kafelek, pomniejszony"),
    (blur_gaussian, Blur, "Blurred", "Rozmyte"),
    (shuffle, Shuffle, "Colours, shuffled", "Kolory, potasowane"),
    (recolor_luminance, Gamma, "Luminance", "Luminancja"),
    (recolor_intensity, Gamma, "Intensity", "Intensywność"),
    (inpaint, None, "Inpainting", "Domalowywanie"),
)
PREPROCESSORS = tuple(
    Preprocessor(function.__name__, {"en": en, "pl": pl}, function, options)
    for function, options, en, pl in _ROWS
)
