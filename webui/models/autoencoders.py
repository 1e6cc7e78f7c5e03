"""Pixels and latents of newer families, whose autoencoders are of other kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers
from diffusers.models.autoencoders.autoencoder_kl_qwenimage import AutoencoderKLQwenImage
from torch import Tensor

from webui.models.autoencoder import Autoencoder
from webui.models.components import Vae
from webui.models.loading import Tensors


class QwenAutoencoder(Autoencoder):
    """Qwen-Image's: made for films, of which a picture is the first frame.

    Each channel of its latents has a mean and a deviation of its own.
    """

    @property
    def channels(self) -> int:
        return self.vae.config["z_dim"]

    @property
    def stride(self) -> int:
        return 2 ** len(self.vae.config["temperal_downsample"])

    @property
    def scale(self) -> float:
        return 1.0

    @property
    def shift(self) -> float:
        return 0.0

    def _decoded(self, latents: Tensor) -> Tensor:
        x = latents.to(self.vae.device) * self._of("latents_std") + self._of("latents_mean")
        film: Any = x[:, :, None].to(self.vae.dtype)
        films: Any = self.vae.decode(film, return_dict=False)[0]
        return films[:, :, 0]

    def _encoded(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        films = pixels[:, :, None]
        beside = None if noise is None else noise[:, :, None]
        latents = super()._encoded(films, beside)[:, :, 0]
        return (latents - self._of("latents_mean")) / self._of("latents_std")

    def _of(self, name: str) -> Tensor:
        """(1, C, 1, 1) numbers of the channels."""
        numbers = torch.tensor(self.vae.config[name], device=self.vae.device)
        return numbers.view(1, -1, 1, 1)


def _make(config: Mapping[str, Any]) -> Any:
    return AutoencoderKLQwenImage.from_config(dict(config))


def wan_names(tensors: Tensors, network: Any) -> Tensors:
    """Names of the code of Wan, whose architecture it is, or of diffusers."""
    if any(name.startswith("decoder.middle.") for name in tensors):
        return convert_wan_vae_to_diffusers(dict(tensors))
    return tensors


QWEN_VAE = Vae(
    make=_make,
    wrap=QwenAutoencoder,
    names=wan_names,
    input=("decoder.conv1.weight", "decoder.conv_in.weight"),
    channels="z_dim",
    foreign=r"wan|flux|sd_?3",
)
