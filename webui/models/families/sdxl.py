"""Stable Diffusion XL and its refiner: a UNet that is told sizes, and one or two text encoders.

Podell et al., "SDXL: improving latent diffusion models for high-resolution image synthesis", 2023.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from webui.core.offers import ModelInfo
from webui.core.participants import Embedding
from webui.models.checkpoint import CONFIGS, Encoder, Layout, load_parts
from webui.models.emphasis import Emphasis
from webui.models.families.unet import UNetModel
from webui.models.family import LoadProgress
from webui.models.texts import Reading

_CLIP_L = Encoder("text_encoder", "tokenizer", Reading(skip=2, norm=False))
_CLIP_G = Encoder(
    "text_encoder_2",
    "tokenizer_2",
    Reading(skip=2, norm=False, padding=0),
    projected=True,
    open_clip=True,
)

GOOD, BAD = 6.0, 2.5
"""Aesthetic scores that the refiner is told for the prompt and the negative prompt, as in A1111."""


class SDXLModel(UNetModel):
    """A loaded model (see `webui.models.family.Model`)."""

    def encode_texts(
        self,
        texts: Sequence[str],
        clip_skip: int = 1,
        *,
        negative: bool = False,
        emphasis: Emphasis = "Original",
    ) -> list[Embedding]:
        """The vectors of both encoders side by side, the pooled one of the last.

        An empty negative prompt is all zeros, as in A1111.
        """
        read = [encoder.encode(texts, clip_skip, emphasis) for encoder in self.encoders]
        share = 0.0 if negative and not any(texts) else 1.0
        embeddings: list[Embedding] = []
        for parts in zip(*read, strict=True):
            pooled = parts[-1].pooled
            assert pooled is not None
            tokens = torch.cat([one.tokens for one in parts], dim=-1)
            embeddings.append(Embedding(tokens * share, pooled * share, negative))
        return embeddings

    def conditions(self, x: Tensor, embeddings: Sequence[Embedding]) -> Mapping[str, Any]:
        size = x.shape[2] * self.latent.stride, x.shape[3] * self.latent.stride
        ids = [one.time_ids or self._time_ids(size, one) for one in embeddings]
        pooled: list[Any] = [one.pooled for one in embeddings]
        added = {
            "text_embeds": torch.stack(pooled).to(self.device, self.dtype),
            "time_ids": torch.tensor(ids, device=self.device, dtype=torch.float32),
        }
        return {**super().conditions(x, embeddings), "added_cond_kwargs": added}

    def _time_ids(self, size: tuple[int, int], embedding: Embedding) -> tuple[float, ...]:
        """A picture of this height and width that was neither scaled nor cropped."""
        return (*size, 0, 0, *size)


class SDXLRefinerModel(SDXLModel):
    """A loaded refiner, which is told a score in place of the size aimed at."""

    def _time_ids(self, size: tuple[int, int], embedding: Embedding) -> tuple[float, ...]:
        return (*size, 0, 0, BAD if embedding.negative else GOOD)


class SDXL:
    """How to load one."""

    name = "sdxl"

    def __init__(self, configs: Path = CONFIGS / "sdxl") -> None:
        """Load nothing yet.

        Args:
            configs: of the parts of single files.
        """
        self._layout = Layout(self.name, (_CLIP_L, _CLIP_G), configs)

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> SDXLModel:
        """See `webui.models.family.Family`."""
        return SDXLModel(info, self.name, load_parts(self._layout, info, device, progress))


class SDXLRefiner:
    """How to load a refiner."""

    name = "sdxl-refiner"

    def __init__(self, configs: Path = CONFIGS / "sdxl-refiner") -> None:
        """Load nothing yet.

        Args:
            configs: of the parts of single files.
        """
        self._layout = Layout(self.name, (_CLIP_G,), configs)

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> SDXLModel:
        """See `webui.models.family.Family`."""
        return SDXLRefinerModel(info, self.name, load_parts(self._layout, info, device, progress))
