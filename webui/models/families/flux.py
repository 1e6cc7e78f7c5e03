"""Flux.1: a rectified flow over a transformer that reads T5's text and CLIP-L's pooled vector.

Published by Black Forest Labs in 2024 and 2025: dev and schnell draw, Fill repaints what is
masked, Kontext edits a picture as the text says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
from torch import Tensor

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.participants import Embedding
from webui.library.weights import Header
from webui.models.checkpoint import CONFIGS
from webui.models.components import Clip, Components, Kinds
from webui.models.emphasis import Emphasis
from webui.models.families.flow import FlowModel
from webui.models.family import ImageConditioning, LoadProgress
from webui.models.flow import LEVELS
from webui.models.flux_names import flux_names
from webui.models.singles import Single, blocks_of, load_flow
from webui.models.t5 import T5Encoder
from webui.models.texts import Reading, TextEncoder

LONG, SHORT = 512, 256
"""Tokens of T5 that the models with guidance, and schnell, were trained with."""
GUIDANCE = 3.5
"""What the network is told where no one asks for a scale."""

_MASK = 64
"""Pixels that a latent stands for, each with its own mask."""
KINDS = Kinds(
    transformer=lambda config: FluxTransformer2DModel.from_config(dict(config)),
    clips={"text_encoder": Clip("tokenizer", Reading(pooler=True), projected=False)},
    t5=("text_encoder_2", "tokenizer_2"),
)


class FluxModel(FlowModel):
    """A loaded model (see `webui.models.family.Model`)."""

    def __init__(self, info: ModelInfo, family: str, loaded: Components) -> None:
        """Put the parts together.

        Raises:
            UserError: they do not fit together.
        """
        super().__init__(info, family, loaded)
        config, name = self.transformer.config, Path(info.path).name
        clip, t5 = loaded.encoders
        assert isinstance(clip, TextEncoder) and isinstance(t5, T5Encoder)
        self._clip, self._t5 = clip, t5
        self._length = LONG if config["guidance_embeds"] else SHORT
        token = self.latent.channels * self.patch**2
        more = config["in_channels"] - token
        if more == token + _MASK * self.patch**2:
            self.image_conditioning: ImageConditioning = "inpaint"
        elif more == 0:
            self.image_conditioning = "edit" if info.variant == "edit" else "none"
        width: Any = clip.model.config.hidden_size
        read = (config["pooled_projection_dim"], config["joint_attention_dim"])
        wrong = more and self.image_conditioning == "none"
        if wrong or read != (width, t5.width):
            raise UserError("model_damaged", file=f"{name}/transformer/config.json")

    def encode_texts(
        self,
        texts: Sequence[str],
        clip_skip: int = 1,
        *,
        negative: bool = False,
        emphasis: Emphasis = "Original",
    ) -> list[Embedding]:
        """T5's vectors, with CLIP's pooled one."""
        pooled = self._clip.encode(texts, clip_skip, emphasis)
        return [
            Embedding(self._t5.encode(text, self._length, emphasis), one.pooled, negative)
            for text, one in zip(texts, pooled, strict=True)
        ]

    def velocity(
        self,
        x: Tensor,
        timestep: Tensor,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any],
        shown: Sequence[Tensor],
    ) -> Tensor:
        concat = shown[0] if shown else None
        height, width = x.shape[2:]
        inputs = dict(self.inputs(x, timestep, embeddings))
        tokens = inputs["hidden_states"]
        count = tokens.shape[1]
        if self.image_conditioning == "inpaint":
            beside = self._nothing_kept(x) if concat is None else concat.to(x)
            mask = beside[:, :1].expand(-1, _MASK, -1, -1)
            inputs["hidden_states"] = torch.cat(
                [tokens, packed(beside[:, 1:]), packed(mask)], dim=2
            )
        elif concat is not None:
            seen = packed(concat.to(x) * self.latent.scale)
            inputs["hidden_states"] = torch.cat([tokens, seen], dim=1)
            beside = token_places(height // 2, width // 2, x.device, 1)
            inputs["img_ids"] = torch.cat([inputs["img_ids"], beside])
        given = {**inputs, **self._guidance(len(x), residuals)}
        return unpacked(self.transformer(**given, return_dict=False)[0][:, :count], height, width)

    def inputs(
        self, x: Tensor, timestep: Tensor, embeddings: Sequence[Embedding]
    ) -> Mapping[str, Any]:
        """See `FlowModel.inputs`."""
        words = torch.stack([one.tokens for one in embeddings]).to(x)
        pooled: list[Any] = [one.pooled for one in embeddings]
        return {
            "hidden_states": packed(x),
            "timestep": timestep / LEVELS,
            "pooled_projections": torch.stack(pooled).to(x),
            "encoder_hidden_states": words,
            "txt_ids": torch.zeros(words.shape[1], 3, device=x.device),
            "img_ids": token_places(x.shape[2] // 2, x.shape[3] // 2, x.device),
            **self._guidance(len(x), {}),
        }

    def _guidance(self, rows: int, residuals: Mapping[str, Any]) -> Mapping[str, Any]:
        """The network's arguments, with the scale that it is told for each row."""
        given = dict(residuals)
        scale = float(given.pop("guidance", GUIDANCE))
        if self.transformer.config["guidance_embeds"]:
            given["guidance"] = torch.full((rows,), scale, device=self.device)
        return given

    def _nothing_kept(self, x: Tensor) -> Tensor:
        """For text to image: gray, all of it masked."""
        sides = x.shape[2] * self.latent.stride, x.shape[3] * self.latent.stride
        gray = self.encode(torch.full((1, 3, *sides), 0.5)).to(x).expand(len(x), -1, -1, -1)
        return torch.cat([torch.ones_like(gray[:, :1]), gray], dim=1)


def flux_config(header: Header, prefix: str, usual: Mapping[str, Any]) -> Mapping[str, Any]:
    """The transformer's config, as the header of a single file tells."""
    shapes = header.shapes
    try:
        return {
            **usual,
            "in_channels": shapes[f"{prefix}img_in.weight"][1],
            "out_channels": shapes[f"{prefix}final_layer.linear.weight"][0],
            "num_layers": blocks_of(header, f"{prefix}double_blocks."),
            "num_single_layers": blocks_of(header, f"{prefix}single_blocks."),
            "num_attention_heads": shapes[f"{prefix}img_in.weight"][0]
            // usual["attention_head_dim"],
            "joint_attention_dim": shapes[f"{prefix}txt_in.weight"][1],
            "pooled_projection_dim": shapes[f"{prefix}vector_in.in_layer.weight"][1],
            "guidance_embeds": f"{prefix}guidance_in.in_layer.weight" in shapes,
        }
    except LookupError:
        return usual


def packed(x: Tensor) -> Tensor:
    """(B, C, h, w) to tokens (B, h/2 * w/2, C * 4): 2 x 2 latents each."""
    rows, channels, height, width = x.shape
    x = x.reshape(rows, channels, height // 2, 2, width // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return x.reshape(rows, height // 2 * (width // 2), channels * 4)


def unpacked(tokens: Tensor, height: int, width: int) -> Tensor:
    """The inverse of `packed`, for a height and width in latents."""
    rows, _, size = tokens.shape
    x = tokens.reshape(rows, height // 2, width // 2, size // 4, 2, 2).permute(0, 3, 1, 4, 2, 5)
    return x.reshape(rows, size // 4, height, width)


def token_places(rows: int, columns: int, device: torch.device, picture: int = 0) -> Tensor:
    """(rows * columns, 3): which picture, row and column each token belongs to."""
    places = torch.zeros(rows, columns, 3, device=device)
    places[..., 0] = picture
    places[..., 1] = torch.arange(rows, device=device)[:, None]
    places[..., 2] = torch.arange(columns, device=device)
    return places.reshape(rows * columns, 3)


class Flux:
    """How to load one."""

    name = "flux"

    def __init__(self, configs: Path = CONFIGS / "flux") -> None:
        """Load nothing yet.

        Args:
            configs: of the parts of single files.
        """
        self._single = Single(self.name, configs, flux_config, flux_names)

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> FluxModel:
        """See `webui.models.family.Family`."""
        parts = load_flow(KINDS, self._single, info, device, progress)
        return FluxModel(info, self.name, parts)
