"""A model that looks at large latents tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.participants import Embedding
from webui.engine.guidance import Check
from webui.engine.latents import to_images, to_pixels
from webui.imaging.masks import Box
from webui.imaging.tiles import Tiling, blend_tiles, tiling
from webui.models.adapters.patches import Joined, Match
from webui.models.adapters.reading import Adapter
from webui.models.autoencoder import Autoencoder
from webui.models.embeddings import LearnedWords
from webui.models.family import ImageConditioning, LatentSpec, Model, Shown
from webui.models.sigmas import SigmaTable

GRANULE = 8
"""Latent pixels; tiles and pictures are multiples of it: networks halve their sides three times."""
_LARGE = 4 * GRANULE
"""Latent pixels; smaller tiles begin anywhere, as multiples would leave too much overlap."""

TileDone = Callable[[int, int], None]
"""Told how many tiles of a call are done, and how many there are."""


class TiledModel:
    """A model whose every prediction is blended from predictions for overlapping tiles.

    All tiles take each step together (MultiDiffusion, Bar-Tal et al. 2023; with weights that fade
    towards a tile's edges, Mixture of Diffusers, Jimenez 2023): neighbours agree on what lies
    between them at every noise level, so there are no seams to hide afterwards. To samplers,
    guidance and participants it is one run over one large picture.

    Anything else is asked of the model itself, so that what patches a model finds its parts.
    """

    def __init__(
        self,
        model: Model,
        tiling: Tiling,
        check: Check = lambda: None,
        tile_done: TileDone = lambda done, total: None,
    ) -> None:
        """Call nothing yet.

        Args:
            tiling: of the latents.
            check: called before each tile; may raise to stop.
        """
        self._model = model
        self._tiling = tiling
        self._weights = [torch.from_numpy(one).to(model.device) for one in tiling.weights()]
        self._check = check
        self._tile_done = tile_done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    @property
    def info(self) -> ModelInfo:
        return self._model.info

    @property
    def latent(self) -> LatentSpec:
        return self._model.latent

    @property
    def image_conditioning(self) -> ImageConditioning:
        return self._model.image_conditioning

    @property
    def sigmas(self) -> Tensor:
        return self._model.sigmas

    def noise_levels(self, height: int, width: int) -> SigmaTable:
        return self._model.noise_levels(height, width)

    @property
    def device(self) -> torch.device:
        return self._model.device

    @property
    def dtype(self) -> torch.dtype:
        return self._model.dtype

    def encode_texts(
        self, texts: Sequence[str], clip_skip: int = 1, *, negative: bool = False
    ) -> list[Embedding]:
        return self._model.encode_texts(texts, clip_skip, negative=negative)

    def predict_x0(
        self,
        x: Tensor,
        sigma: float,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any] | None = None,
        concat: Shown | None = None,
    ) -> Tensor:
        """See `Model.predict_x0`; residuals and concat belong to the whole picture."""
        result = torch.zeros_like(x)
        boxes = self._tiling.boxes()
        for number, (box, weight) in enumerate(zip(boxes, self._weights, strict=True)):
            self._check()
            predicted = self._model.predict_x0(
                _cut(x, box, x),
                sigma,
                embeddings,
                {name: _cut_all(value, box, x) for name, value in (residuals or {}).items()},
                _cut(concat, box, x) if isinstance(concat, Tensor) else concat,
            )
            left, top, right, bottom = box
            result[..., top:bottom, left:right] += predicted * weight
            self._tile_done(number + 1, len(boxes))
        return result

    def network_inputs(
        self, x: Tensor, sigma: float, embeddings: Sequence[Embedding]
    ) -> Mapping[str, Any]:
        return self._model.network_inputs(x, sigma, embeddings)

    def decode(self, latents: Tensor) -> Tensor:
        return self._model.decode(latents)

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        return self._model.encode(pixels, noise)

    def adapt(self, wanted: Sequence[Joined]) -> None:
        self._model.adapt(wanted)

    def match(self, adapter: Adapter) -> Match:
        return self._model.match(adapter)

    def reads(self, words: LearnedWords) -> bool:
        return self._model.reads(words)

    def learn(self, words: Sequence[LearnedWords]) -> None:
        self._model.learn(words)

    def names_in(self, texts: Sequence[str], names: Collection[str]) -> frozenset[str]:
        return self._model.names_in(texts, names)

    @property
    def own_autoencoder(self) -> Autoencoder:
        return self._model.own_autoencoder

    def use_autoencoder(self, autoencoder: Autoencoder) -> None:
        self._model.use_autoencoder(autoencoder)

    def running(self) -> AbstractContextManager[None]:
        return self._model.running()


def tiles_of(width: int, height: int, tile: int, overlap: int, stride: int) -> Tiling:
    """The tiles of latents of (height, width); large ones begin at multiples of `GRANULE`.

    So what participants add inside the network can be cut into tiles too.

    Args:
        tile, overlap: in pixels.
    """
    side = max(tile // stride // GRANULE, 1) * GRANULE
    step = GRANULE if side >= _LARGE else 1
    return tiling(width, height, side, side, -(-overlap // stride), step)


@contextmanager
def tiled(model: Any, tile: int, overlap: int, check: Check = lambda: None) -> Generator[None]:
    """While inside, the model's calls for latents larger than a tile are made tile by tile.

    Args:
        tile, overlap: in pixels.
        check: called before each tile; may raise to stop.

    Raises:
        UserError: in a call, where something is added inside the network and the picture's sides
            are no multiples of what that can be cut by.
    """
    if isinstance(model, TiledModel):
        yield
        return
    whole: Callable[..., Tensor] = model.predict_x0
    own = vars(model).get("predict_x0")
    stride = model.latent.stride

    def predict_x0(x: Tensor, *given: Any, **named: Any) -> Tensor:
        height, width = x.shape[-2:]
        cut = tiles_of(width, height, tile, overlap, stride)
        if len(cut.boxes()) == 1:
            return whole(x, *given, **named)
        _check_cut(given, named, width, height, stride)
        return TiledModel(model, cut, check).predict_x0(x, *given, **named)

    model.predict_x0 = predict_x0
    try:
        yield
    finally:
        if own is None:
            del model.predict_x0
        else:
            model.predict_x0 = own


def _check_cut(given: Any, named: Any, width: int, height: int, stride: int) -> None:
    residuals = named.get("residuals") or (given[2] if len(given) > 2 else None)
    if residuals and (width % GRANULE or height % GRANULE):
        raise UserError("tiles_uneven", "width", multiple=GRANULE * stride)


def encoded(model: Model, image: Image.Image, tiling: Tiling, check: Check) -> Tensor:
    """The latents (1, C, h, w) of a large RGB picture, tile by tile.

    Args:
        tiling: of the latents; the picture is that size times the stride.
    """

    def tiles() -> Iterator[np.ndarray[Any, np.dtype[np.float32]]]:
        for box in tiling.scaled(model.latent.stride).boxes():
            check()
            latents = model.encode(to_pixels([image.crop(box)]))
            yield latents[0].permute(1, 2, 0).float().cpu().numpy()

    blended = torch.from_numpy(blend_tiles(tiling, tiles()))
    return blended.permute(2, 0, 1)[None].contiguous().to(model.device)


def decoded(model: Model, latents: Tensor, tiling: Tiling, check: Check) -> Image.Image:
    """The RGB picture of large latents (1, C, h, w), tile by tile."""

    def tiles() -> Iterator[np.ndarray[Any, np.dtype[np.uint8]]]:
        for box in tiling.boxes():
            check()
            yield np.asarray(to_images(model.decode(_cut(latents, box, latents)))[0])

    return Image.fromarray(blend_tiles(tiling.scaled(model.latent.stride), tiles()))


def _cut(value: Tensor, box: Box, whole: Tensor) -> Tensor:
    """What of a value belongs to a box, where the value is that many times smaller than x."""
    smaller = whole.shape[-1] // value.shape[-1]
    left, top, right, bottom = (place // smaller for place in box)
    return value[..., top:bottom, left:right]


def _cut_all(value: Any, box: Box, whole: Tensor) -> Any:
    """The same for a tensor or a list of them; a number belongs to every tile."""
    if isinstance(value, float):
        return value
    if isinstance(value, Tensor):
        return _cut(value, box, whole)
    return type(value)(_cut_all(one, box, whole) for one in value)
