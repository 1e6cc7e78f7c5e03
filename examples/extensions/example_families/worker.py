"""An architecture by the name of `example`: one colour, which the words of the prompt change."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from webui.ext import Embedding, hookimpl
from webui.ext_worker import LatentSpec, PlainModel, SigmaTable, read_weights


class Model(PlainModel):
    def __init__(self, info: Any, weights: Any, device: torch.device) -> None:
        super().__init__(info, LatentSpec(4, 8, None), SigmaTable.scaled_linear(), device)
        self.words, self.tint = weights["example.words.table"], weights["example.tint"]

    def encode_texts(self, texts: Sequence[str], *args: Any, **more: Any) -> list[Embedding]:
        return [Embedding(self.words[list(text.encode() or b" ")].mean(0)[None]) for text in texts]

    def predict_x0(self, x: Tensor, sigma: float, embeddings: Any, *args: Any) -> Tensor:
        wanted = torch.stack([one.tokens[0] for one in embeddings])[:, :, None, None] + self.tint
        return (x + sigma**2 * wanted) / (1 + sigma**2)  # exact for colours of deviation 1

    def decode(self, latents: Tensor) -> Tensor:
        return torch.nn.functional.interpolate(latents[:, :3] / 2 + 0.5, scale_factor=8).clamp(0, 1)

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        colours = torch.nn.functional.avg_pool2d(pixels, 8) * 2 - 1
        return torch.cat([colours, colours[:, :1]], 1)


class Family:
    name = "example"

    def load(self, info: Any, device: torch.device, progress: Callable[[int, int], None]) -> Model:
        return Model(info, read_weights(Path(info.path), device, progress), device)


@hookimpl
def register_families() -> list[Any]:
    return [Family()]
