"""What all models that are rectified flows over a transformer have in common, once loaded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.participants import Embedding
from webui.library.cards import CARDS
from webui.models.adaptable import Adaptable
from webui.models.adapters.patches import UNET
from webui.models.components import Components
from webui.models.emphasis import Emphasis
from webui.models.family import ImageConditioning, LatentSpec, Shown
from webui.models.flow import LEVELS, FlowTable, Shift
from webui.models.language import LanguageEncoder

TRANSFORMER = "transformer"


class FlowModel(Adaptable, ABC):
    """A loaded model (see `webui.models.family.Model`).

    Attributes:
        transformer, autoencoder: its networks.
        shift: of its noise levels, where its card says nothing else.
    """

    image_conditioning: ImageConditioning = "none"
    patch = 2
    """Latents a side that make a token."""

    def __init__(self, info: ModelInfo, family: str, loaded: Components) -> None:
        """Put the parts together."""
        self.info = info
        self.transformer: Any = loaded.networks[TRANSFORMER]
        self.shift = loaded.shift
        channels = loaded.autoencoder.channels
        preview = info.card.preview or CARDS[family].preview
        if preview is not None and len(preview.matrix) != channels:
            preview = None  # colours of another autoencoder
        stride, scale = loaded.autoencoder.stride, loaded.autoencoder.scale
        self.latent = LatentSpec(channels, stride, preview, scale)
        self.encoders: tuple[Any, ...] = loaded.encoders
        super().__init__({UNET: self.transformer}, loaded.encoders, loaded.autoencoder)

    @property
    def sigmas(self) -> Tensor:
        card = self.info.card
        stride = self.latent.stride
        return self.noise_levels(card.height // stride, card.width // stride).sigmas

    def noise_levels(self, height: int, width: int) -> FlowTable:
        """See `Model.noise_levels`."""
        chosen = self.info.card.shift
        shift = self.shift if chosen is None else Shift(chosen)
        return shift.table(-(-height // self.patch) * -(-width // self.patch))

    @abstractmethod
    def encode_texts(
        self,
        texts: Sequence[str],
        clip_skip: int = 1,
        *,
        negative: bool = False,
        emphasis: Emphasis = "Original",
    ) -> list[Embedding]:
        """See `Model.encode_texts`."""

    @abstractmethod
    def velocity(
        self,
        x: Tensor,
        timestep: Tensor,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any],
        shown: Sequence[Tensor],
    ) -> Tensor:
        """The network's guess of noise - clean.

        Args:
            shown: what it sees beside x, see `Model.predict_x0`; of one that sees pictures, of each
                (B, C, h, w) in whole tokens, else one tensor or none.
            x: (B, C, h, w) in the network's precision; h and w are multiples of `patch`.
            timestep: (B,) sigma * 1000.
        """

    def predict_x0(
        self,
        x: Tensor,
        sigma: float,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any] | None = None,
        concat: Shown | None = None,
    ) -> Tensor:
        shown = concat if isinstance(concat, tuple) else () if concat is None else (concat,)
        if len({len(one.tokens) for one in embeddings}) > 1:  # texts cannot go together
            alone = [
                self.predict_x0(
                    x[[row]], sigma, [words], residuals, tuple(one[[row]] for one in shown)
                )
                for row, words in enumerate(embeddings)
            ]
            return torch.cat(alone)
        rows, _, height, width = x.shape
        latents, beside = self._whole(x), tuple(map(self._whole, shown))
        timestep = torch.full((rows,), sigma * LEVELS, device=self.device)
        output = self.velocity(
            latents.to(self.dtype), timestep, embeddings, residuals or {}, beside
        )
        return x - sigma * output[..., :height, :width].float()

    def network_inputs(
        self, x: Tensor, sigma: float, embeddings: Sequence[Embedding]
    ) -> Mapping[str, Any]:
        """See `Model.network_inputs`.

        Raises:
            UserError: nobody has made ControlNets of this family.
        """
        timestep = torch.full((len(x),), sigma * LEVELS, device=self.device)
        return self.inputs(self._whole(x).to(self.dtype), timestep, embeddings)

    def inputs(
        self, x: Tensor, timestep: Tensor, embeddings: Sequence[Embedding]
    ) -> Mapping[str, Any]:
        """The network's arguments, of those of `velocity`.

        Raises:
            UserError: nobody has made ControlNets of this family.
        """
        raise UserError("control_family", model=self.info.id)

    def _whole(self, x: Tensor) -> Tensor:
        """x continued to the right and down to whole tokens."""
        height, width = x.shape[2:]
        more = (0, -width % self.patch, 0, -height % self.patch)
        return torch.nn.functional.pad(x, more, mode="replicate") if any(more) else x

    def decode(self, latents: Tensor) -> Tensor:
        return self.autoencoder.decode(latents)

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        return self.autoencoder.encode(pixels, noise)

    def running(self) -> AbstractContextManager[None]:
        return torch.inference_mode()


class LanguageFlow(FlowModel, ABC):
    """One whose texts a language model reads."""

    def __init__(self, info: ModelInfo, family: str, loaded: Components) -> None:
        """Put the parts together."""
        super().__init__(info, family, loaded)
        (text,) = loaded.encoders
        assert isinstance(text, LanguageEncoder)
        self._text = text

    def encode_texts(
        self,
        texts: Sequence[str],
        clip_skip: int = 1,
        *,
        negative: bool = False,
        emphasis: Emphasis = "Original",
    ) -> list[Embedding]:
        """Its vectors of each text, of as many tokens as it hands on."""
        return [Embedding(self._text.encode(text, emphasis), None, negative) for text in texts]
