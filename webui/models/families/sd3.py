"""Stable Diffusion 3 and 3.5: a rectified flow over a transformer, with CLIP-L, CLIP-G and T5.

Esser et al., "Scaling rectified flow transformers for high-resolution image synthesis", 2024.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.single_file_utils import convert_sd3_transformer_checkpoint_to_diffusers
from diffusers.models.transformers.transformer_sd3 import SD3Transformer2DModel
from torch import Tensor

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.participants import Embedding
from webui.library.weights import Header
from webui.models.checkpoint import CONFIGS
from webui.models.components import Clip, Components, Kinds, Vae
from webui.models.emphasis import Emphasis
from webui.models.families.flow import FlowModel
from webui.models.family import LoadProgress
from webui.models.loading import Tensors
from webui.models.singles import Single, blocks_of, load_flow
from webui.models.t5 import T5Encoder
from webui.models.texts import Reading, TextEncoder

LENGTH = 256
"""Tokens of T5 that these models were trained with."""

KINDS = Kinds(
    transformer=lambda config: SD3Transformer2DModel.from_config(dict(config)),
    clips={
        "text_encoder": Clip("tokenizer", Reading(skip=2, norm=False)),
        "text_encoder_2": Clip("tokenizer_2", Reading(skip=2, norm=False, padding=0)),
    },
    t5=("text_encoder_3", "tokenizer_3"),
    optional=frozenset({"text_encoder_3"}),
    vae=Vae(foreign=r"(^|[^a-z])ae([^a-z]|$)|flux|qwen|wan"),
)


class SD3Model(FlowModel):
    """A loaded model (see `webui.models.family.Model`)."""

    def __init__(self, info: ModelInfo, family: str, loaded: Components) -> None:
        """Put the parts together.

        Raises:
            UserError: they do not fit together.
        """
        super().__init__(info, family, loaded)
        config, name = self.transformer.config, Path(info.path).name
        self._clips: list[TextEncoder] = [
            one for one in loaded.encoders if isinstance(one, TextEncoder)
        ]
        self._t5 = next((one for one in loaded.encoders if isinstance(one, T5Encoder)), None)
        clips: list[Any] = [one.model.config for one in self._clips]
        width = config["joint_attention_dim"]
        fits = (
            config["in_channels"] == config["out_channels"] == self.latent.channels
            and sum(one.projection_dim for one in clips) == config["pooled_projection_dim"]
            and sum(one.hidden_size for one in clips) <= width
            and (self._t5 is None or self._t5.width == width)
        )
        if not fits:
            raise UserError("model_damaged", file=f"{name}/transformer/config.json")
        self.patch = config["patch_size"]

    def encode_texts(
        self,
        texts: Sequence[str],
        clip_skip: int = 1,
        *,
        negative: bool = False,
        emphasis: Emphasis = "Original",
    ) -> list[Embedding]:
        """Both CLIPs' vectors side by side, then T5's; the pooled ones side by side.

        T5's are zeros where the model has none, as in diffusers.
        """
        width = self.transformer.config["joint_attention_dim"]
        read = [clip.encode(texts, clip_skip, emphasis) for clip in self._clips]
        embeddings: list[Embedding] = []
        for text, *parts in zip(texts, *read, strict=True):
            pooled: list[Any] = [one.pooled for one in parts]
            words = torch.cat([one.tokens for one in parts], dim=-1)
            words = torch.nn.functional.pad(words, (0, width - words.shape[-1]))
            whole = torch.cat([words, self._long(text, emphasis).to(words)])
            embeddings.append(Embedding(whole, torch.cat(pooled), negative))
        return embeddings

    def _long(self, text: str, emphasis: Emphasis) -> Tensor:
        if self._t5 is None:
            return torch.zeros(LENGTH, self.transformer.config["joint_attention_dim"])
        return self._t5.encode(text, LENGTH, emphasis)

    def velocity(
        self,
        x: Tensor,
        timestep: Tensor,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any],
        shown: Sequence[Tensor],
    ) -> Tensor:
        self._check_size(x)
        inputs = self.inputs(x, timestep, embeddings)
        return self.transformer(**inputs, **residuals, return_dict=False)[0]

    def inputs(
        self, x: Tensor, timestep: Tensor, embeddings: Sequence[Embedding]
    ) -> Mapping[str, Any]:
        """See `FlowModel.inputs`."""
        pooled: list[Any] = [one.pooled for one in embeddings]
        return {
            "hidden_states": x,
            "timestep": timestep,
            "encoder_hidden_states": torch.stack([one.tokens for one in embeddings]).to(x),
            "pooled_projections": torch.stack(pooled).to(x),
        }

    def _check_size(self, x: Tensor) -> None:
        """Whether the network has learned as many places.

        Raises:
            UserError: it has not.
        """
        most = self.transformer.config["pos_embed_max_size"] * self.patch
        if max(x.shape[2:]) > most:
            pixels = most * self.latent.stride
            raise UserError("model_largest_side", "width", model=self.info.id, pixels=pixels)


def sd3_config(header: Header, prefix: str, usual: Mapping[str, Any]) -> Mapping[str, Any]:
    """The transformer's config, as the header of a single file tells."""
    shapes = header.shapes
    blocks = f"{prefix}joint_blocks."
    count = blocks_of(header, blocks)
    try:
        width, channels, patch, _ = shapes[f"{prefix}x_embedder.proj.weight"]
        return {
            **usual,
            "patch_size": patch,
            "in_channels": channels,
            "out_channels": shapes[f"{prefix}final_layer.linear.weight"][0] // patch**2,
            "num_layers": count,
            "num_attention_heads": width // usual["attention_head_dim"],
            "caption_projection_dim": width,
            "joint_attention_dim": shapes[f"{prefix}context_embedder.weight"][1],
            "pooled_projection_dim": shapes[f"{prefix}y_embedder.mlp.0.weight"][1],
            "pos_embed_max_size": math.isqrt(shapes[f"{prefix}pos_embed"][1]),
            "qk_norm": "rms_norm" if f"{blocks}0.x_block.attn.ln_q.weight" in shapes else None,
            "dual_attention_layers": tuple(
                one for one in range(count) if f"{blocks}{one}.x_block.attn2.qkv.weight" in shapes
            ),
        }
    except (LookupError, ValueError):
        return usual


def sd3_names(tensors: Tensors, network: Any) -> Tensors:
    """The makers' names to those of diffusers; what is missing is found out later."""
    try:
        return convert_sd3_transformer_checkpoint_to_diffusers(dict(tensors))
    except LookupError as error:
        missing = str(error).strip("'")
        raise UserError(
            "model_weights_missing", file="transformer", count=1, name=missing
        ) from error


class SD3:
    """How to load one."""

    name = "sd3"

    def __init__(self, configs: Path = CONFIGS / "sd3") -> None:
        """Load nothing yet.

        Args:
            configs: of the parts of single files.
        """
        self._single = Single(self.name, configs, sd3_config, sd3_names)

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> SD3Model:
        """See `webui.models.family.Family`."""
        parts = load_flow(KINDS, self._single, info, device, progress)
        return SD3Model(info, self.name, parts)
