"""What the engine needs of a model, whatever its architecture. One file a family in `families/`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from PIL import Image
from torch import Tensor

from webui.core.offers import ModelInfo, Preview
from webui.core.participants import Embedding
from webui.models.adapters.patches import Joined, Match
from webui.models.adapters.reading import Adapter
from webui.models.autoencoder import Autoencoder
from webui.models.embeddings import LearnedWords
from webui.models.sigmas import SigmaTable
from webui.models.whole import WholePipeline

LoadProgress = Callable[[int, int], None]
"""Called with the bytes of weights that are loaded, and how many there are; may raise to stop."""

Shown = Tensor | tuple[Tensor, ...]
"""What a network is given beside the latents that are denoised, see `Model.predict_x0`."""

ImageConditioning = Literal["none", "inpaint", "edit", "depth", "reference"]
"""What a network is given of a picture beside the latents that are denoised."""


@dataclass(frozen=True)
class LatentSpec:
    """How pixels and latents of a family relate.

    Attributes:
        channels: of the latents that are denoised; the network may take more, see `concat`.
        stride: pixels per latent, along each side.
        preview: rough picture without the decoder, None where none is known.
        scale: latents are the autoencoder's own times this.
    """

    channels: int
    stride: int
    preview: Preview | None
    scale: float = 1.0


class Model(Protocol):
    """A loaded model. Latents are in the scale in which the network works (mean 0, std about 1)."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def latent(self) -> LatentSpec: ...

    @property
    def image_conditioning(self) -> ImageConditioning: ...

    @property
    def sigmas(self) -> Tensor:
        """(T,) float32, ascending: the noise levels it was trained at."""
        ...

    def noise_levels(self, height: int, width: int) -> SigmaTable:
        """Its noise levels for pictures of this size in latents; most do not depend on it."""
        ...

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype:
        """In which the network computes; what goes in and out is float32."""
        ...

    def encode_texts(
        self, texts: Sequence[str], clip_skip: int = 1, *, negative: bool = False
    ) -> list[Embedding]:
        """Read texts with A1111's emphasis, 75-token chunks and BREAK.

        All embeddings of one call have the same number of tokens (a multiple of 77): shorter
        ones are filled up with empty chunks.

        Args:
            clip_skip: 1 reads the last layer, 2 the one before, …; families that were trained
                on the one before read that one for both.
            negative: they tell what to lead away from; some families then read an empty text,
                or the score of a good picture, in another way.
        """
        ...

    def predict_x0(
        self,
        x: Tensor,
        sigma: float,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any] | None = None,
        concat: Shown | None = None,
    ) -> Tensor:
        """The network's guess of the clean latents.

        Args:
            x: (B, C, h, w), float32, noise of std `sigma` in it.
            sigma: noise level.
            embeddings: one a row of x, all of the same number of tokens.
            residuals: what is added inside, by the name of the network's argument
                (`down_block_additional_residuals`, `mid_block_additional_residual`); one row a
                row of x, in the model's dtype.
            concat: (B, K, h, w) float32, what the network is given behind the channels of x, for
                `image_conditioning`
                "inpaint": K = 5, the mask (1 = repaint), then the latents of the picture with
                    what is masked made gray;
                "edit": K = 4, the latents of the picture, not scaled (`encode(…) / latent.scale`);
                "reference": K = C, the latents of a picture, of any size, or of several in a tuple;
                "depth": K = 1, the distance, -1 (far) to 1 (near).
                Without it the model repaints everything, or sees an empty picture.

        Returns:
            (B, C, h, w) float32.
        """
        ...

    def network_inputs(
        self, x: Tensor, sigma: float, embeddings: Sequence[Embedding]
    ) -> Mapping[str, Any]:
        """What the network is given for rows of x, by the names of its arguments.

        Its ControlNets take the same.

        Args:
            x, sigma, embeddings: as in `predict_x0`.
        """
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """(B, C, h, w) to pixels (B, 3, H, W) in 0..1, float32 on the CPU."""
        ...

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        """Pixels (B, 3, H, W) in 0..1 to latents (B, C, h, w), float32.

        Args:
            noise: (B, C, h, w) of mean 0 and std 1, to draw from the autoencoder's distribution;
                without it the mean is taken.
        """
        ...

    def adapt(self, wanted: Sequence[Joined]) -> None:
        """Bring it to where exactly these adapters are joined, see `adapters.patches.Patches`."""
        ...

    def match(self, adapter: Adapter) -> Match:
        """Which layers of an adapter it has."""
        ...

    def reads(self, words: LearnedWords) -> bool:
        """Whether an embedding was made for text encoders like its own."""
        ...

    def learn(self, words: Sequence[LearnedWords]) -> None:
        """Read the names of these embeddings as their vectors, and no others."""
        ...

    def names_in(self, texts: Sequence[str], names: Collection[str]) -> frozenset[str]:
        """Which names would be read as embeddings in some texts if all of them were learned."""
        ...

    @property
    def own_autoencoder(self) -> Autoencoder:
        """The one that it came with."""
        ...

    def use_autoencoder(self, autoencoder: Autoencoder) -> None:
        """Encode and decode with this one from now on."""
        ...

    def running(self) -> AbstractContextManager[None]:
        """Hold while the model is used (device placement, no gradients)."""
        ...


@runtime_checkable
class Sighted(Protocol):
    """A model that reads texts with pictures before its eyes."""

    def look(self, pictures: Sequence[Image.Image]) -> None:
        """See these pictures beside the texts that are read from now on, or none."""
        ...


@runtime_checkable
class Referring(Protocol):
    """A model that may be shown pictures beside the one that it draws from noise.

    Attributes:
        called: what texts for it call a picture that it is shown, before its number from 1.
    """

    called: str

    def fitted(self, picture: Image.Image) -> Image.Image:
        """A picture in the size in which the model is shown its latents."""
        ...


class Family(Protocol):
    """An architecture: how to load a model of it."""

    @property
    def name(self) -> str: ...

    def load(
        self, info: ModelInfo, device: torch.device, progress: LoadProgress
    ) -> Model | WholePipeline:
        """Load from a diffusers folder or a single file.

        Raises:
            UserError: the file is cut off, of another kind, or a part is missing.
        """
        ...
