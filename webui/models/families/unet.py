"""What all Stable Diffusion models with a UNet have in common, once loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers.models.embeddings import get_timestep_embedding
from torch import Tensor

from webui.core.errors import UserError
from webui.core.offers import ModelInfo, Preview
from webui.core.participants import Embedding
from webui.library.cards import CARDS
from webui.models.adaptable import Adaptable
from webui.models.adapters.patches import UNET
from webui.models.autoencoder import Autoencoder
from webui.models.checkpoint import Loaded
from webui.models.emphasis import Emphasis
from webui.models.family import ImageConditioning, LatentSpec, Shown
from webui.models.sigmas import SigmaTable

DISTILLED_GUIDANCE = 8.5
"""The guidance scale that a latent consistency model is told it was distilled with."""

_CONDITIONING: Mapping[int, ImageConditioning] = {0: "none", 5: "inpaint", 4: "edit", 1: "depth"}
"""By how many channels the network takes beside the latents."""


class UNetModel(Adaptable):
    """A loaded model (see `webui.models.family.Model`).

    Attributes:
        unet, autoencoder: its networks.
        encoders: its text encoders.
    """

    def __init__(self, info: ModelInfo, family: str, loaded: Loaded) -> None:
        """Put the parts together.

        Raises:
            UserError: they do not fit together.
        """
        self.info = info
        self.unet = loaded.unet
        self.encoders = loaded.encoders
        self.sigmas = loaded.prediction.table.sigmas
        channels = loaded.autoencoder.vae.config["latent_channels"]
        preview = info.card.preview or CARDS[family].preview or Preview(matrix=())
        stride, scale = loaded.autoencoder.stride, loaded.autoencoder.scale
        self.latent = LatentSpec(channels, stride, preview, scale)
        more = loaded.unet.config["in_channels"] - channels
        conditioning = _CONDITIONING.get(more)
        width = sum(encoder.model.config.hidden_size for encoder in loaded.encoders)
        if conditioning is None or width != loaded.unet.config["cross_attention_dim"]:
            raise UserError("model_damaged", file=f"{Path(info.path).name}/unet/config.json")
        self.image_conditioning: ImageConditioning = conditioning
        self._prediction = loaded.prediction
        self._gray: Tensor | None = None
        super().__init__({UNET: loaded.unet}, loaded.encoders, loaded.autoencoder)

    @property
    def predicts(self) -> Literal["epsilon", "v"]:
        """What the network puts out, see `Prediction.target`."""
        return self._prediction.target

    def noise_levels(self, height: int, width: int) -> SigmaTable:
        return self._prediction.table

    def encode_texts(
        self,
        texts: Sequence[str],
        clip_skip: int = 1,
        *,
        negative: bool = False,
        emphasis: Emphasis = "Original",
    ) -> list[Embedding]:
        return self.encoders[0].encode(texts, clip_skip, emphasis)

    def predict_x0(
        self,
        x: Tensor,
        sigma: float,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any] | None = None,
        concat: Shown | None = None,
    ) -> Tensor:
        arguments = _merged(self.network_inputs(x, sigma, embeddings), residuals or {})
        arguments["sample"] = self._beside(arguments["sample"], concat)
        output = self.unet(**arguments).sample
        return self._prediction.denoised(x, output.float(), sigma)

    def network_inputs(
        self, x: Tensor, sigma: float, embeddings: Sequence[Embedding]
    ) -> Mapping[str, Any]:
        """See `Model.network_inputs`; without what the network is shown of a picture."""
        tokens = torch.stack([embedding.tokens for embedding in embeddings])
        return {
            "sample": self._prediction.scaled(x, sigma).to(self.dtype),
            "timestep": torch.tensor(self._prediction.timestep(sigma), device=self.device),
            "encoder_hidden_states": tokens.to(self.device, self.dtype),
            **self.conditions(x, embeddings),
        }

    def conditions(self, x: Tensor, embeddings: Sequence[Embedding]) -> Mapping[str, Any]:
        """What else a family gives its network, and its ControlNets, by the name of the argument.

        Args:
            x: (B, C, h, w), of which only the size counts.
            embeddings: one a row of x.
        """
        width = self.unet.config["time_cond_proj_dim"]
        if width is None:
            return {}
        # Luo et al., "Latent consistency models", 2023: w = scale - 1, embedded as timesteps are
        scales = torch.full((len(x),), (DISTILLED_GUIDANCE - 1) * 1000, device=self.device)
        return {"timestep_cond": get_timestep_embedding(scales, width).to(self.dtype)}

    def use_autoencoder(self, autoencoder: Autoencoder) -> None:
        if autoencoder is not self.autoencoder:
            self._gray = None
        super().use_autoencoder(autoencoder)

    def decode(self, latents: Tensor) -> Tensor:
        return self.autoencoder.decode(latents)

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        return self.autoencoder.encode(pixels, noise)

    def running(self) -> AbstractContextManager[None]:
        return torch.inference_mode()

    def _beside(self, latents: Tensor, concat: Shown | None) -> Tensor:
        """The latents with what the network is given of a picture behind their channels (of
        several pictures, which only other families are shown, the first)."""
        if self.image_conditioning == "none":
            return latents
        if concat is None:
            concat = self._nothing_to_keep(latents)
        one = concat[0] if isinstance(concat, tuple) else concat
        return torch.cat([latents, one.to(latents)], dim=1)

    def _nothing_to_keep(self, latents: Tensor) -> Tensor:
        """For text to image: gray, all of it masked (A1111's `txt2img_image_conditioning`)."""
        rows, channels, height, width = latents.shape
        more = self.unet.config["in_channels"] - channels
        if self.image_conditioning != "inpaint":
            return latents.new_zeros(rows, more, height, width)
        if self._gray is None or self._gray.shape[2:] != latents.shape[2:]:
            sides = height * self.latent.stride, width * self.latent.stride
            self._gray = self.encode(torch.full((1, 3, *sides), 0.5))
        mask = latents.new_ones(rows, 1, height, width)
        return torch.cat([mask, self._gray.to(latents).expand(rows, -1, -1, -1)], dim=1)


def _merged(inputs: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """The network's arguments; those that are groups of values are put together."""
    merged = {**inputs, **added}
    for name in inputs.keys() & added.keys():
        if isinstance(inputs[name], Mapping):
            merged[name] = {**inputs[name], **added[name]}
    return merged
