"""The stub network, text encoder and autoencoder of the golden runs.

../shared/golden/a1111/README.md describes them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from typing import Any

import torch

from webui.core.offers import ModelInfo, Preview
from webui.core.participants import Embedding
from webui.engine.recipes import Tools
from webui.models.adapters.patches import Match
from webui.models.embeddings import LearnedWords
from webui.models.family import ImageConditioning, LatentSpec
from webui.models.sigmas import SigmaTable

CHANNELS = torch.tensor([0.3, -0.2, 0.1, 0.5], dtype=torch.float64)
GAINS = torch.tensor([1.0, -0.5, 0.8, -1.2], dtype=torch.float64)


class StubModel:
    """The network, text encoder and autoencoder of the golden runs; counts its calls."""

    image_conditioning: ImageConditioning = "none"
    latent = LatentSpec(channels=4, stride=8, preview=Preview(matrix=((0, 0, 0),) * 4))
    device = torch.device("cpu")
    dtype = torch.float32

    network: SigmaTable | None = None
    """What the network itself was trained with, where that is not the model's table."""

    def __init__(self, table: SigmaTable | None = None, name: str = "stub") -> None:
        self.info = ModelInfo(id=name, path=name, format="stub")
        self.table = table or SigmaTable.scaled_linear()
        self.calls: list[tuple[float, list[float]]] = []
        self.texts: list[list[str]] = []

    @property
    def sigmas(self) -> torch.Tensor:
        return self.table.sigmas

    def noise_levels(self, height: int, width: int) -> SigmaTable:
        return self.table

    def encode_texts(
        self, texts: Sequence[str], clip_skip: int = 1, *, negative: bool = False
    ) -> list[Embedding]:
        chunks = 1 + max(text.count("BREAK") for text in texts)
        embeddings = []
        self.texts.append(list(texts))
        for text in texts:
            value = (sum(text.encode()) % 101) / 101
            tokens = torch.tensor([value + 0.1 * chunk for chunk in range(chunks)])
            embeddings.append(Embedding(tokens.repeat_interleave(77)[:, None]))
        return embeddings

    def predict_x0(self, x, sigma, embeddings, residuals=None, concat=None):
        t = self.table.sigma_to_t(sigma)
        s = float((self.network or self.table).t_to_sigma(t))
        c = torch.stack([one.tokens.double().mean() for one in embeddings])
        self.calls.append((float(t), [round(float(value), 4) for value in c]))
        height, width = x.shape[2:]
        y, z = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        waves = torch.stack([torch.sin(0.7 * y + 0.4 * z + k) for k in range(4)]).double()
        mean = CHANNELS[:, None, None] + 0.2 * waves
        m = mean[None] + c[:, None, None, None] * GAINS[:, None, None]
        seen = x.double() * math.sqrt((s * s + 1) / (sigma * sigma + 1))
        epsilon = (seen - (m + 0.3 / (0.3 + s * s) * (seen - m))) / s
        return (x.double() - sigma * epsilon).float()

    def network_inputs(self, x, sigma, embeddings):
        words = torch.stack([one.tokens for one in embeddings])
        return {"sample": x, "timestep": sigma, "encoder_hidden_states": words}

    def decode(self, latents):
        pixels = latents[:, :3].repeat_interleave(8, 2).repeat_interleave(8, 3)
        return pixels.add(1).div(2).clamp(0, 1)

    def encode(self, pixels, noise=None):
        means = torch.nn.functional.avg_pool2d(pixels * 2 - 1, 8)
        return torch.cat([means, means.mean(1, keepdim=True)], 1)

    def adapt(self, wanted):
        assert not wanted

    def match(self, adapter):
        return Match({}, tuple(adapter.layers))

    def reads(self, words: LearnedWords) -> bool:
        return False

    def learn(self, words: Sequence[LearnedWords]) -> None:
        assert not words

    def names_in(self, texts: Sequence[str], names: Collection[str]) -> frozenset[str]:
        return frozenset()

    @property
    def own_autoencoder(self):
        return None

    def use_autoencoder(self, autoencoder):
        assert autoencoder is None

    def running(self):
        return nullcontext()


def tools_of(model: Any | None = None, **changes: Any) -> Tools:
    """Tools that know one model, by any name."""
    model = model or StubModel()
    return Tools(model=lambda name: model, **changes)
