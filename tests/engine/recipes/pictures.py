"""Requests that begin with pictures, and what recipes make of them."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from PIL import Image

from tests.engine.stub import StubModel
from webui.core.requests import Drawing
from webui.engine.recipes import RECIPES, Drawn, Tools, batches

COMPLETE = {
    "prompt": "a cat", "sampler": "Euler a", "schedule": "Automatic", "steps": 4, "cfg_scale": 5,
    "seed": 7, "variation_seed": 3, "noise_source": "nv",
}  # fmt: skip


def noisy(width: int, height: int, mode: str = "RGB", seed: int = 1) -> Image.Image:
    """A picture in which every pixel is another."""
    levels = np.random.default_rng(seed).integers(0, 256, (height, width, len(mode)), np.uint8)
    return Image.fromarray(levels[..., 0] if mode == "L" else levels)


def rectangle(width: int, height: int, *box: int) -> Image.Image:
    """A mask that is white in a box."""
    mask = Image.new("L", (width, height))
    mask.paste(255, box)
    return mask


class Album:
    """Pictures by their names in requests."""

    def __init__(self) -> None:
        self._pictures: dict[str, Image.Image] = {}

    def add(self, image: Image.Image) -> str:
        ref = "sha256:" + hashlib.sha256(image.tobytes() + str(image.size).encode()).hexdigest()
        self._pictures[ref] = image
        return ref

    def get(self, ref: str) -> Image.Image:
        return self._pictures[ref]

    def mask(self, ref: str) -> Image.Image:
        return self._pictures[ref].convert("L")


def lanczos(name: str, image: Image.Image, width: int, height: int) -> Image.Image:
    return image.resize((width, height), Image.Resampling.LANCZOS)


def draw(
    kind: type[Drawing],
    album: Album | None = None,
    model: Any | None = None,
    tools: dict[str, Any] | None = None,
    **fields: Any,
) -> list[Drawn]:
    """All pictures of a request; without a model the stub draws, which is made for 64 x 64."""
    request = kind.model_validate({**COMPLETE, **fields})
    album, model = album or Album(), model or small_stub()
    given = {"picture": album.get, "mask": album.mask, "upscale": lanczos, **(tools or {})}
    made = Tools(**{"model": lambda name: model, **given})
    recipe = RECIPES[fields.get("kind") or kind.model_fields["kind"].default]
    return [one for batch in batches(request) for one in recipe(request, batch, made)]


def small_stub() -> StubModel:
    model = StubModel()
    card = model.info.card.model_copy(update={"width": 64, "height": 64})
    model.info = model.info.model_copy(update={"card": card})
    return model


def changed(before: Image.Image, after: Image.Image) -> np.ndarray[Any, Any]:
    """(H, W) bool: where a picture is not what it was, in any of its channels."""
    assert (before.size, before.mode) == (after.size, after.mode)
    return (np.asarray(before) != np.asarray(after)).any(-1)
