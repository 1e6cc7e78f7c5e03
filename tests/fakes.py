"""A model whose network is a formula, for tests of everything above the models.

Needs no weights; a picture takes milliseconds, or as long as a test says.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from webui.core.offers import ModelCard, ModelInfo, Preview
from webui.core.participants import Embedding
from webui.models.adapters.patches import Joined
from webui.models.embeddings import LearnedWords
from webui.models.family import ImageConditioning, LatentSpec, LoadProgress, Shown
from webui.models.plain import PlainModel
from webui.models.sigmas import SigmaTable

PREVIEW = Preview(matrix=((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)))
CARD = ModelCard(title={"en": "Fake"}, family="fake", width=64, height=64, steps=4, preview=PREVIEW)
FAKE = ModelInfo(id="fake", path="fake", format="fake", family="fake", card=CARD)

CHUNK = 77
VARIANCES = (0.05, 0.3)
"""Of the two kinds of pictures that the fake model draws."""


class FakeModel(PlainModel):
    """Two kinds of pictures, each a bell curve around a mean that the words shift.

    `predict_x0` is the exact posterior mean of that mixture (the formula of
    ../shared/golden/a1111/README.md), so every sampler comes to a sensible end.

    Attributes:
        seconds: how long a call of the network takes.
        calls: (sigma, rows) of each call so far.
        concats: what was given beside the latents, of each call so far.
    """

    def __init__(
        self,
        info: ModelInfo = FAKE,
        seconds: float = 0.0,
        image_conditioning: ImageConditioning = "none",
    ) -> None:
        latent = LatentSpec(channels=4, stride=8, preview=info.card.preview or PREVIEW)
        super().__init__(info, latent, SigmaTable.scaled_linear(), torch.device("cpu"))
        self.image_conditioning = image_conditioning
        self.seconds = seconds
        self.calls: list[tuple[float, int]] = []
        self.concats: list[Shown | None] = []

    def encode_texts(
        self, texts: Sequence[str], clip_skip: int = 1, *, negative: bool = False
    ) -> list[Embedding]:
        """A number in 0..1 from a text's bytes, once a token."""
        chunks = 1 + max(text.count("BREAK") for text in texts)
        values = [(sum(text.encode()) + clip_skip) % 101 / 101 for text in texts]
        return [Embedding(torch.full((chunks * CHUNK, 1), value)) for value in values]

    def predict_x0(
        self,
        x: Tensor,
        sigma: float,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any] | None = None,
        concat: Shown | None = None,
    ) -> Tensor:
        assert len(embeddings) == len(x)
        time.sleep(self.seconds)
        self.calls.append((sigma, len(x)))
        self.concats.append(concat)
        rows = zip(x.double(), embeddings, strict=True)
        return torch.stack([_posterior_mean(row, sigma, one) for row, one in rows]).float()

    def decode(self, latents: Tensor) -> Tensor:
        pixels = latents[:, :3].add(1).div(2).clamp(0, 1).float()
        return pixels.repeat_interleave(8, 2).repeat_interleave(8, 3).cpu()

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        means = torch.nn.functional.avg_pool2d(pixels.float() * 2 - 1, 8)
        return torch.cat([means, means.mean(1, keepdim=True)], 1)

    def adapt(self, wanted: Sequence[Joined]) -> None:
        assert not wanted

    def learn(self, words: Sequence[LearnedWords]) -> None:
        assert not words

    def use_autoencoder(self, autoencoder: Any) -> None:
        assert autoencoder is None

    def running(self) -> nullcontext[None]:
        return nullcontext()


def _posterior_mean(x: Tensor, sigma: float, embedding: Embedding) -> Tensor:
    """Of one picture, x: (4, h, w) float64."""
    word = embedding.tokens.double().mean()
    rows = torch.linspace(-1, 1, x.shape[1], dtype=torch.float64)[:, None]
    channels = torch.arange(4, dtype=torch.float64)[:, None, None]
    tilt = torch.sin(channels + 3 * word) + 0.3 * rows * torch.ones(x.shape[2])
    guesses, logs = [], []
    for mean, variance in zip((tilt, -tilt), VARIANCES, strict=True):
        spread = variance + sigma**2
        logs.append(-(x - mean).square().sum() / (2 * spread) - x.numel() / 2 * math.log(spread))
        guesses.append(mean + variance / spread * (x - mean))
    shares = torch.stack(logs).softmax(0)
    return shares[0] * guesses[0] + shares[1] * guesses[1]


class FakeFamily:
    """Makes fake models.

    Attributes:
        loaded: ids of the models that were loaded so far.
    """

    name = "fake"

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.loaded: list[str] = []

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> FakeModel:
        for done in (0, 50, 100):
            progress(done, 100)
        self.loaded.append(info.id)
        return FakeModel(info, self.seconds)
