"""What a model of an architecture that an extension brings begins with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from webui.core.offers import ModelInfo
from webui.core.participants import Embedding
from webui.library.weights import read_header
from webui.models.adapters.patches import Joined, Match
from webui.models.adapters.reading import Adapter
from webui.models.embeddings import LearnedWords
from webui.models.family import ImageConditioning, LatentSpec, LoadProgress, Shown
from webui.models.loading import Part, read_parts
from webui.models.sigmas import SigmaTable


class PlainModel:
    """A model without LoRAs, embeddings and other autoencoders, see `webui.models.family.Model`.

    Its own are `encode_texts`, `predict_x0`, `decode` and `encode`.

    Attributes:
        levels: the noise levels it was trained at.
    """

    image_conditioning: ImageConditioning = "none"
    dtype: torch.dtype = torch.float32

    def __init__(
        self, info: ModelInfo, latent: LatentSpec, levels: SigmaTable, device: torch.device
    ) -> None:
        self.info = info
        self.latent = latent
        self.levels = levels
        self.device = device

    @property
    def sigmas(self) -> Tensor:
        return self.levels.sigmas

    def noise_levels(self, height: int, width: int) -> SigmaTable:
        return self.levels

    def encode_texts(
        self, texts: Sequence[str], clip_skip: int = 1, *, negative: bool = False
    ) -> list[Embedding]:
        """See `Model`: one embedding a text, all of as many tokens."""
        raise NotImplementedError

    def predict_x0(
        self,
        x: Tensor,
        sigma: float,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any] | None = None,
        concat: Shown | None = None,
    ) -> Tensor:
        """See `Model`: (B, C, h, w) noisy latents to clean ones."""
        raise NotImplementedError

    def decode(self, latents: Tensor) -> Tensor:
        """See `Model`: (B, C, h, w) to pixels (B, 3, H, W) in 0..1."""
        raise NotImplementedError

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        """See `Model`: pixels (B, 3, H, W) in 0..1 to latents (B, C, h, w)."""
        raise NotImplementedError

    def network_inputs(
        self, x: Tensor, sigma: float, embeddings: Sequence[Embedding]
    ) -> Mapping[str, Any]:
        words = torch.stack([one.tokens for one in embeddings])
        return {"sample": x, "timestep": sigma, "encoder_hidden_states": words}

    def adapt(self, wanted: Sequence[Joined]) -> None:
        """Nothing fits, so nothing is ever wanted."""

    def match(self, adapter: Adapter) -> Match:
        return Match({}, tuple(adapter.layers))

    def reads(self, words: LearnedWords) -> bool:
        return False

    def learn(self, words: Sequence[LearnedWords]) -> None:
        """None are read, so none are ever given."""

    def names_in(self, texts: Sequence[str], names: Collection[str]) -> frozenset[str]:
        return frozenset()

    @property
    def own_autoencoder(self) -> Any:
        """None: it cannot be given another one."""
        return None

    def use_autoencoder(self, autoencoder: Any) -> None:
        """It has only its own."""

    def running(self) -> AbstractContextManager[None]:
        return torch.inference_mode()


def read_notes(file: Path) -> Mapping[str, str]:
    """What else is written in such a file: the metadata of safetensors; of a network that was
    pickled whole, what it is made of (`network`, as JSON).

    Raises:
        UserError: it is cut off or damaged.
    """
    return read_header(file, file.name).metadata


def read_weights(
    file: Path,
    device: torch.device,
    progress: LoadProgress = lambda done, total: None,
    dtype: torch.dtype = torch.float32,
) -> Mapping[str, Tensor]:
    """All tensors of a single file of any format that the program reads, without running its code.

    Raises:
        UserError: it is cut off or damaged.
    """
    whole = {"all": Part(file, file.name, "", dtype)}
    ((_, tensors),) = read_parts(whole, device, progress)
    return tensors
