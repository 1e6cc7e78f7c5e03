"""Stable Diffusion 2: as 1, but with OpenCLIP's text encoder, and trained on the velocity or noise.

Published by Stability AI in 2022: 512 pixels a side on the noise, 768 on the velocity.
"""

from __future__ import annotations

from pathlib import Path

import torch

from webui.core.offers import ModelInfo
from webui.models.checkpoint import CONFIGS, Encoder, Layout, load_parts
from webui.models.families.unet import UNetModel
from webui.models.family import LoadProgress
from webui.models.texts import Reading

_READING = Reading(skip=2, left_out=1, padding=0)
"""OpenCLIP ViT-H/14 without the last layer, which is not read; padded with token 0."""


class SD2:
    """How to load one."""

    name = "sd2"

    def __init__(self, configs: Path = CONFIGS / "sd2") -> None:
        """Load nothing yet.

        Args:
            configs: of the parts of single files.
        """
        encoder = Encoder("text_encoder", "tokenizer", _READING, open_clip=True)
        self._layout = Layout(self.name, (encoder,), configs, tried=True)

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> UNetModel:
        """See `webui.models.family.Family`."""
        return UNetModel(info, self.name, load_parts(self._layout, info, device, progress))
