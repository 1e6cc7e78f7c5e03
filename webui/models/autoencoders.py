"""Pixels and latents of newer families, whose autoencoders are of other kinds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from diffusers.loaders.single_file_utils import (
    convert_ldm_vae_checkpoint,
    convert_wan_vae_to_diffusers,
)
from diffusers.models.autoencoders.autoencoder_kl_flux2 import AutoencoderKLFlux2
from diffusers.models.autoencoders.autoencoder_kl_qwenimage import AutoencoderKLQwenImage
from torch import Tensor

from webui.models.autoencoder import Autoencoder
from webui.models.components import Convert, Vae
from webui.models.loading import Tensors

_SIDE = 2
"""Of the network's latents that make one of Flux.2's."""
_BATCH_NORM = "bn."
_CONV = re.compile(r"^(?:encoder|decoder)\.(?=(?:post_)?quant_conv\.)")
"""Where the makers' code keeps these layers."""


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


class Flux2Autoencoder(Autoencoder):
    """Flux.2's: four of the network's latents make one of the model's, each channel normed."""

    @property
    def channels(self) -> int:
        return super().channels * _SIDE**2

    @property
    def stride(self) -> int:
        return super().stride * _SIDE

    @property
    def scale(self) -> float:
        return 1.0

    @property
    def shift(self) -> float:
        return 0.0

    def _decoded(self, latents: Tensor) -> Tensor:
        mean, deviation = self._norm()
        x = latents.to(self.vae.device) * deviation + mean
        small: Any = torch.nn.functional.pixel_shuffle(x, _SIDE).to(self.vae.dtype)
        return self.vae.decode(small, return_dict=False)[0]

    def _encoded(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        if noise is not None:
            noise = torch.nn.functional.pixel_shuffle(noise, _SIDE)
        mean, deviation = self._norm()
        latents = super()._encoded(pixels, noise)
        return (torch.nn.functional.pixel_unshuffle(latents, _SIDE) - mean) / deviation

    def _norm(self) -> tuple[Tensor, Tensor]:
        """(1, C, 1, 1) mean and deviation of the channels."""
        norm: Any = self.vae.bn
        variance = norm.running_var.float() + self.vae.config["batch_norm_eps"]
        shape = 1, -1, 1, 1
        return norm.running_mean.float().view(shape), variance.sqrt().view(shape)


def _make_qwen(config: Mapping[str, Any]) -> Any:
    return AutoencoderKLQwenImage.from_config(dict(config))


def _make_flux2(config: Mapping[str, Any]) -> Any:
    return AutoencoderKLFlux2.from_config(dict(config))


def flux2_vae_names(tensors: Tensors, network: Any) -> Tensors:
    """Names as the makers' code has them, or diffusers."""
    norm = {name: value for name, value in tensors.items() if name.startswith(_BATCH_NORM)}
    norm.setdefault(f"{_BATCH_NORM}num_batches_tracked", torch.zeros(()))
    rest = {
        _CONV.sub("", name): value
        for name, value in tensors.items()
        if not name.startswith(_BATCH_NORM)
    }
    if not any(".mid_block." in name for name in rest):
        turned: Mapping[str, Any] = convert_ldm_vae_checkpoint(rest, network.config)
        rest = {name: value for name, value in turned.items() if value is not None}
    return {**rest, **norm}


def wan_names(tensors: Tensors, network: Any) -> Tensors:
    """Names of the code of Wan, whose architecture it is, or of diffusers."""
    if any(name.startswith("decoder.middle.") for name in tensors):
        return convert_wan_vae_to_diffusers(dict(tensors))
    return tensors


QWEN_VAE = Vae(
    make=_make_qwen,
    wrap=QwenAutoencoder,
    names=wan_names,
    input=("decoder.conv1.weight", "decoder.conv_in.weight"),
    channels="z_dim",
    foreign=r"wan|flux|sd_?3",
)
FLUX2_VAE = Vae(
    make=_make_flux2, wrap=Flux2Autoencoder, names=flux2_vae_names, foreign=r"wan|qwen|sd_?3"
)
NEWER: tuple[tuple[type[Autoencoder], Convert], ...] = (
    (QwenAutoencoder, wan_names),
    (Flux2Autoencoder, flux2_vae_names),
)
"""Kinds of autoencoders, with what turns the names of files of them."""
