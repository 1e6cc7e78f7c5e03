"""What requests mean: a few lines over the sampling loop for each kind."""

from __future__ import annotations

from collections.abc import Mapping

from webui.engine.recipes.img2img import img2img
from webui.engine.recipes.inpaint import inpaint
from webui.engine.recipes.interpolate import interpolate
from webui.engine.recipes.outpaint import outpaint
from webui.engine.recipes.preprocess import preprocess
from webui.engine.recipes.shots import Shot, Words, batches, shots, words
from webui.engine.recipes.tools import Drawn, Leg, Recipe, Tools
from webui.engine.recipes.txt2img import txt2img
from webui.engine.recipes.upscale import upscale

RECIPES: Mapping[str, Recipe] = {
    "txt2img": txt2img,
    "img2img": img2img,
    "inpaint": inpaint,
    "outpaint": outpaint,
    "upscale": upscale,
    "interpolate": interpolate,
    "preprocess": preprocess,
}
"""By the kind of the request."""

__all__ = [
    "RECIPES",
    "Drawn",
    "Leg",
    "Recipe",
    "Shot",
    "Tools",
    "Words",
    "batches",
    "shots",
    "words",
]
