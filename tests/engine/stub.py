"""The stub network, text encoder and autoencoder of the golden runs.

../shared/golden/a1111/README.md describes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import torch

from webui.core.offers import ModelInfo, Preview
from webui.core.participants import Embedding
from webui.models.family import ImageConditioning, LatentSpec
from webui.models.sigmas import SigmaTable

CHANNELS = torch.tensor([0.3, -0.2, 0.1, 0.5], dtype=torch.float64)
GAINS = torch.tensor([1.0, -0.5, 0.8, -1.2], dtype=torch.float64)


class StubModel:
    """The network, text encoder and autoencoder of the golden runs; counts its calls."""

    info = ModelInfo(id="stub", path="stub", format="stub")
    image_conditioning: ImageConditioning = "none"
    latent = LatentSpec(channels=4, stride=8, preview=Preview(matrix=((0, 0, 0),) * 4))
    device = torch.device("cpu")
    dtype = torch.float32

    def __init__(self) -> None:
        self.table = SigmaTable.scaled_linear()
        self.calls: list[tuple[float, list[float]]] = []

    @property
    def sigmas(self) -> torch.Tensor:
        return self.table.sigmas

    def encode_texts(
        self, texts: Sequence[str], clip_skip: int = 1, *, negative: bool = False
    ) -> list[Embedding]:
        chunks = 1 + max(text.count("BREAK") for text in texts)
        embeddings = []
        for text in texts:
            value = (sum(text.encode()) % 101) / 101
            tokens = torch.tensor([value + 0.1 * chunk for chunk in range(chunks)])
            embeddings.append(Embedding(tokens.repeat_interleave(77)[:, None]))
        return embeddings

    def predict_x0(self, x, sigma, embeddings, residuals=None, concat=None):
        s = float(self.table.t_to_sigma(self.table.sigma_to_t(sigma)))
        c = torch.stack([one.tokens.double().mean() for one in embeddings])
        self.calls.append((sigma, [round(float(value), 4) for value in c]))
        height, width = x.shape[2:]
        y, z = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        waves = torch.stack([torch.sin(0.7 * y + 0.4 * z + k) for k in range(4)]).double()
        mean = CHANNELS[:, None, None] + 0.2 * waves
        m = mean[None] + c[:, None, None, None] * GAINS[:, None, None]
        return (m + 0.3 / (0.3 + s * s) * (x.double() - m)).float()

    def decode(self, latents):
        self.decoded = latents
        return latents[:, :3].repeat_interleave(8, 2).repeat_interleave(8, 3).add(1).div(2)

    def encode(self, pixels, noise=None):
        raise AssertionError("text to image encodes nothing")

    def running(self):
        return nullcontext()
