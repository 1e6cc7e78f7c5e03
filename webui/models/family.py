"""What the engine needs of a model, whatever its architecture. One file a family in `families/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from webui.core.offers import ModelInfo, Preview
from webui.core.participants import Embedding

LoadProgress = Callable[[float], None]
"""Called with the share (0..1) of the bytes loaded; may raise to stop."""


@dataclass(frozen=True)
class LatentSpec:
    """How pixels and latents of a family relate.

    Attributes:
        channels: of the latents.
        stride: pixels per latent, along each side.
        preview: rough picture without the decoder.
    """

    channels: int
    stride: int
    preview: Preview


class Model(Protocol):
    """A loaded model. Latents are in the scale in which the network works (mean 0, std about 1)."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def latent(self) -> LatentSpec: ...

    @property
    def sigmas(self) -> Tensor:
        """(T,) float32, ascending: the noise levels it was trained at."""
        ...

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype:
        """In which the network computes; what goes in and out is float32."""
        ...

    def encode_texts(self, texts: Sequence[str], clip_skip: int = 1) -> list[Embedding]:
        """Read texts with A1111's emphasis, 75-token chunks and BREAK.

        All embeddings of one call have the same number of tokens (a multiple of 77): shorter
        ones are filled up with empty chunks.
        """
        ...

    def predict_x0(
        self,
        x: Tensor,
        sigma: float,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any] | None = None,
    ) -> Tensor:
        """The network's guess of the clean latents.

        Args:
            x: (B, C, h, w), float32, noise of std `sigma` in it.
            sigma: noise level.
            embeddings: one a row of x, all of the same number of tokens.
            residuals: what is added inside, by the name of the network's argument
                (`down_block_additional_residuals`, `mid_block_additional_residual`); one row a
                row of x, in the model's dtype.

        Returns:
            (B, C, h, w) float32.
        """
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """(B, C, h, w) to pixels (B, 3, H, W) in 0..1, float32 on the CPU."""
        ...

    def encode(self, pixels: Tensor) -> Tensor:
        """Pixels (B, 3, H, W) in 0..1 to latents (B, C, h, w)."""
        ...

    def running(self) -> AbstractContextManager[None]:
        """Hold while the model is used (device placement, no gradients)."""
        ...


class Family(Protocol):
    """An architecture: how to load a model of it."""

    @property
    def name(self) -> str: ...

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> Model:
        """Load from a diffusers folder or a single file.

        Raises:
            UserError: the file is cut off, of another kind, or a part is missing.
        """
        ...
