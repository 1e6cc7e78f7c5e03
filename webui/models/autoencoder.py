"""Pixels and latents: the autoencoder of Stable Diffusion and its kin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor

from webui.core.errors import UserError
from webui.models.memory.hooks import changing

_FINER: Mapping[torch.dtype, tuple[torch.dtype, ...]] = {
    torch.float16: (torch.bfloat16, torch.float32),
    torch.bfloat16: (torch.float32,),
}
"""Precision -> those to try where it does not suffice."""


class Autoencoder:
    """Works picture by picture, so that none depends on the others, and memory is bounded.

    Attributes:
        vae: the network; goes over to a finer precision for good once its own does not suffice:
            bfloat16, which holds larger numbers, then float32.
        precise: what it went over to, None while its own suffices.
    """

    def __init__(self, vae: AutoencoderKL) -> None:
        self.vae = vae
        self.precise: str | None = None

    @property
    def channels(self) -> int:
        """Of latents."""
        return self.vae.config["latent_channels"]

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
        pixels = self._sure(lambda: self._decoded(latents), _is_picture)
        return pixels.float().cpu().div(2).add(0.5).clamp(0, 1)

    def _sure(self, work: Callable[[], Tensor], good: Callable[[Tensor], bool]) -> Tensor:
        """What the work comes to, in the first precision in which it is good.

        Raises:
            UserError: in the best one there are numbers that are none.
        """
        own, precise = self.vae.dtype, self.precise
        kept = [one.data for one in self.vae.parameters()]
        found = work()
        for finer in _FINER.get(own, ()):
            if good(found):
                return found
            self._turn(kept, finer)
            found = work()
        if not bool(found.isfinite().all()):
            raise UserError("vae_not_a_number", "vae")
        if not good(found):  # black as it should be: for that no precision was missing
            self._turn(kept, own)
            self.precise = precise
        return found

    def _turn(self, kept: Sequence[Tensor], dtype: torch.dtype) -> None:
        """Compute in another precision from now on.

        Args:
            kept: the weights as they were read: in bfloat16 some of their digits are lost.
        """
        with changing():
            for one, original in zip(self.vae.parameters(), kept, strict=True):
                one.data = original.to(one.device, dtype)
        self.precise = str(dtype).removeprefix("torch.")

    def _decoded(self, latents: Tensor) -> Tensor:
        x: Any = latents.to(self.vae.device, self.vae.dtype) / self.scale + self.shift
        return self.vae.decode(x, return_dict=False)[0]

    def _encode(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        latents = self._sure(lambda: self._encoded(pixels, noise), _is_finite)
        return (latents - self.shift) * self.scale

    def _encoded(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        x = (pixels * 2 - 1).to(self.vae.device, self.vae.dtype)
        distribution: Any = self.vae.encode(x, return_dict=False)[0]
        mean = distribution.mean.float()
        return mean if noise is None else mean + distribution.std.float() * noise.to(mean)


def _is_finite(numbers: Tensor) -> bool:
    return bool(numbers.isfinite().all())


def _is_picture(pixels: Tensor) -> bool:
    """Whether all are numbers, and not all black, as some cards make of numbers too large."""
    return _is_finite(pixels) and bool((pixels > -1).any())
