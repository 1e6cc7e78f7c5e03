"""What suits a model that has no card of its own: by its family, its variant and its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from webui.core.offers import ModelCard
from webui.library.latent_colors import FLUX, FLUX2, QWEN_IMAGE, SD, SD3, SDXL

_LARGE: Mapping[str, Any] = {"width": 1024, "height": 1024}

CARDS: Mapping[str, ModelCard] = {
    "sd1": ModelCard(family="sd1", preview=SD),
    "sd2": ModelCard(family="sd2", width=768, height=768, preview=SD),
    "sdxl": ModelCard(family="sdxl", **_LARGE, steps=25, cfg_scale=6.0, preview=SDXL),
    "sdxl-refiner": ModelCard(
        family="sdxl-refiner", **_LARGE, steps=25, cfg_scale=6.0, preview=SDXL
    ),
    "sd3": ModelCard(
        family="sd3",
        preview=SD3,
        **_LARGE,
        steps=28,
        sampler="Euler",
        schedule="SGM Uniform",
        cfg_scale=4.5,
    ),
    "flux": ModelCard(
        family="flux",
        preview=FLUX,
        **_LARGE,
        sampler="Euler",
        schedule="Simple",
        cfg_scale=3.5,
        distilled=True,
    ),
    "chroma": ModelCard(
        family="chroma",
        preview=FLUX,
        **_LARGE,
        steps=30,
        sampler="Euler",
        schedule="Beta",
        cfg_scale=4.0,
    ),
    "z-image": ModelCard(
        family="z-image",
        preview=FLUX,
        **_LARGE,
        steps=30,
        sampler="Euler",
        schedule="Simple",
        cfg_scale=5.0,
    ),
    "qwen-image": ModelCard(
        family="qwen-image",
        preview=QWEN_IMAGE,
        **_LARGE,
        steps=30,
        sampler="Euler",
        schedule="Simple",
        cfg_scale=4.0,
        renormed=True,
    ),
    "flux2": ModelCard(
        family="flux2",
        preview=FLUX2,
        **_LARGE,
        steps=28,
        sampler="Euler",
        schedule="Simple",
        cfg_scale=4.0,
        distilled=True,
    ),
    "diffusers": ModelCard(family="diffusers", **_LARGE, sampler="Euler", cfg_scale=4.5),
}
"""The families that can be drawn with; `diffusers` is any other pipeline of that library."""

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "inpaint": {},
    "edit": {"sampler": "Euler a", "cfg_scale": 7.5},
    "depth": {},
    # few steps without guidance, on evenly spaced timesteps from pure noise on
    "turbo": {"steps": 4, "cfg_scale": 1.0, "sampler": "Euler a", "schedule": "SGM Uniform"},
    "lightning": {"steps": 8, "cfg_scale": 1.0, "sampler": "Euler", "schedule": "SGM Uniform"},
    "hyper": {"steps": 8, "cfg_scale": 1.0, "sampler": "Euler", "schedule": "SGM Uniform"},
    "lcm": {"steps": 6, "cfg_scale": 1.0, "sampler": "LCM"},
    "dmd2": {"steps": 4, "cfg_scale": 1.0, "sampler": "LCM"},
}
"""Variant -> what differs from the family's card."""

_SPEEDS = re.compile(r"(?<![a-z])(turbo|lightning|hyper|lcm|dmd2)(?![a-z])")
_STEPS = re.compile(r"(?<!\d)([1-9]|1\d)[ _-]?steps?(?![a-z])")
_SIZES: tuple[tuple[str, re.Pattern[str], int], ...] = (
    ("sd1", re.compile(r"sd[ _-]?turbo"), 512),
    ("sd2", re.compile(r"sd[ _-]?turbo|512|inpaint|depth"), 512),
    ("sdxl", re.compile(r"sd[ _-]?xl[ _-]?turbo"), 512),
    ("sdxl", re.compile(r"pix2pix[ _-]?768"), 768),
)
"""Of a family, models of a name like this were trained at that many pixels a side."""


def speed_of(*names: str) -> str | None:
    """How a model was distilled to few steps, as its names tell."""
    found = _SPEEDS.search(_plain(*names))
    return found[1] if found else None


def steps_of(*names: str) -> int | None:
    """How many steps it was distilled to, as its names tell."""
    found = _STEPS.search(_plain(*names))
    return int(found[1]) if found else None


def card_of(family: str, variant: str | None, name: str, side: int | None = None) -> ModelCard:
    """What suits a model.

    Args:
        variant: a key of `VARIANTS`, or None.
        name: of the file, and what else people call it.
        side: pixels of a side it was trained at, where its config tells.
    """
    plain = _plain(name)
    values = dict(VARIANTS.get(variant or "", {}))
    steps = steps_of(name)
    if steps and variant in ("turbo", "lightning", "hyper", "lcm", "dmd2"):
        values["steps"] = steps
    named = (size for which, mark, size in _SIZES if which == family and mark.search(plain))
    side = side or next(named, None)
    if side:
        values |= {"width": side, "height": side}
    return CARDS[family].model_copy(update=values)


def _plain(*names: str) -> str:
    """In small letters, words in CamelCase apart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", " ".join(names)).lower()
