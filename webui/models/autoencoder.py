"""Pixels and latents: the autoencoder of Stable Diffusion and its kin."""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor

from webui.core.errors import UserError


class Autoencoder:
    """Works picture by picture, so that none depends on the others, and memory is bounded.

    Attributes:
        vae: the network; goes over to float32 for good once its own precision does not suffice.
    """

    def __init__(self, vae: AutoencoderKL) -> None:
        self.vae = vae

    @property
    def stride(self) -> int:
        """Pixels per latent, along each side."""
        return 2 ** (len(self.vae.config["block_out_channels"]) - 1)

    def decode(self, latents: Tensor) -> Tensor:
        """(B, C, h, w) to pixels (B, 3, H, W) in 0..1, float32 on the CPU.

        Raises:
            UserError: the latents, or the picture in the best precision, are not numbers.
        """
        if not bool(latents.isfinite().all()):
            raise UserError("picture_not_a_number")
        return torch.cat([self._decode(one) for one in latents.split(1)])

    def encode(self, pixels: Tensor) -> Tensor:
        """Pixels (B, 3, H, W) in 0..1 to the most likely latents (B, C, h, w), float32."""
        return torch.cat([self._encode(one) for one in pixels.split(1)])

    def _decode(self, latents: Tensor) -> Tensor:
        pixels = self._decoded(latents)
        if not bool(pixels.isfinite().all()) and self.vae.dtype != torch.float32:
            self.vae.float()
            pixels = self._decoded(latents)
        if not bool(pixels.isfinite().all()):
            raise UserError("picture_not_a_number")
        return pixels.float().cpu().div(2).add(0.5).clamp(0, 1)

    def _decoded(self, latents: Tensor) -> Tensor:
        x: Any = latents.to(self.vae.device, self.vae.dtype) / self._scale
        return self.vae.decode(x, return_dict=False)[0]

    def _encode(self, pixels: Tensor) -> Tensor:
        x = (pixels * 2 - 1).to(self.vae.device, self.vae.dtype)
        distribution: Any = self.vae.encode(x, return_dict=False)[0]
        return distribution.mode().float() * self._scale

    @property
    def _scale(self) -> float:
        return self.vae.config["scaling_factor"]
