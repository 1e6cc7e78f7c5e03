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

    @property
    def scale(self) -> float:
        """Latents are the network's own, without the shift, times this."""
        return self.vae.config["scaling_factor"]

    @property
    def shift(self) -> float:
        """What is taken from the network's own latents before they are scaled."""
        return self.vae.config.get("shift_factor") or 0.0

    def decode(self, latents: Tensor) -> Tensor:
        """(B, C, h, w) to pixels (B, 3, H, W) in 0..1, float32 on the CPU.

        Raises:
            UserError: the latents, or the picture in the best precision, are not numbers.
        """
        if not bool(latents.isfinite().all()):
            raise UserError("picture_not_a_number")
        return torch.cat([self._decode(one) for one in latents.split(1)])

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        """Pixels (B, 3, H, W) in 0..1 to latents (B, C, h, w), float32.

        Args:
            noise: (B, C, h, w) of mean 0 and std 1 to draw with; without it the most likely
                latents, the mean.

        Raises:
            UserError: the latents in the best precision are not numbers.
        """
        if noise is None:
            return torch.cat([self._encode(one, None) for one in pixels.split(1)])
        rows = zip(pixels.split(1), noise.split(1), strict=True)
        return torch.cat([self._encode(one, its_noise) for one, its_noise in rows])

    def _decode(self, latents: Tensor) -> Tensor:
        pixels = self._decoded(latents)
        if not bool(pixels.isfinite().all()) and self.vae.dtype != torch.float32:
            self.vae.float()
            pixels = self._decoded(latents)
        if not bool(pixels.isfinite().all()):
            raise UserError("picture_not_a_number")
        return pixels.float().cpu().div(2).add(0.5).clamp(0, 1)

    def _decoded(self, latents: Tensor) -> Tensor:
        x: Any = latents.to(self.vae.device, self.vae.dtype) / self.scale + self.shift
        return self.vae.decode(x, return_dict=False)[0]

    def _encode(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        latents = self._encoded(pixels, noise)
        if not bool(latents.isfinite().all()) and self.vae.dtype != torch.float32:
            self.vae.float()
            latents = self._encoded(pixels, noise)
        if not bool(latents.isfinite().all()):
            raise UserError("picture_not_a_number")
        return (latents - self.shift) * self.scale

    def _encoded(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        x = (pixels * 2 - 1).to(self.vae.device, self.vae.dtype)
        distribution: Any = self.vae.encode(x, return_dict=False)[0]
        mean = distribution.mean.float()
        return mean if noise is None else mean + distribution.std.float() * noise.to(mean)
