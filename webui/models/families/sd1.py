"""Stable Diffusion 1: UNet, CLIP text encoder, KL autoencoder.

Rombach et al., "High-resolution image synthesis with latent diffusion models", 2022.
"""

from __future__ import annotations

from pathlib import Path

import torch

from webui.core.offers import ModelInfo
from webui.models.checkpoint import CONFIGS, Encoder, Layout, load_parts
from webui.models.families.unet import UNetModel
from webui.models.family import LoadProgress
from webui.models.texts import Reading


class SD1:
    """How to load one."""

    name = "sd1"

    def __init__(self, configs: Path = CONFIGS / "sd1") -> None:
        """Load nothing yet.

        Args:
            configs: of the parts of single files.
        """
        encoder = Encoder("text_encoder", "tokenizer", Reading())
        self._layout = Layout(self.name, (encoder,), configs)

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> UNetModel:
        """See `webui.models.family.Family`."""
        return UNetModel(info, self.name, load_parts(self._layout, info, device, progress))
