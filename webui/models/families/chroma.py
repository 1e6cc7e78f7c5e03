"""Chroma: Flux's transformer made smaller and taught anew, with T5 alone and computed guidance.

Published by Lodestone Rock in 2025, out of Flux.1 schnell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.transformers.transformer_chroma import ChromaTransformer2DModel
from torch import Tensor

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.participants import Embedding
from webui.library.weights import Header
from webui.models.checkpoint import CONFIGS
from webui.models.components import Components, Kinds
from webui.models.emphasis import Emphasis
from webui.models.families.flow import FlowModel
from webui.models.families.flux import packed, token_places, unpacked
from webui.models.family import LoadProgress
from webui.models.flow import LEVELS
from webui.models.flux_names import flux_names
from webui.models.loading import Tensors
from webui.models.singles import Single, blocks_of, load_flow
from webui.models.t5 import T5Encoder

LENGTH = 512
"""Tokens of T5 that it was trained with."""

KINDS = Kinds(
    transformer=lambda config: ChromaTransformer2DModel.from_config(dict(config)),
    clips={},
    t5=("text_encoder", "tokenizer"),
)
_LINEAR = re.compile(r"(distilled_guidance_layer\.layers\.\d+)\.(in|out)_layer\.")
_NORM = re.compile(r"(distilled_guidance_layer\.norms\.\d+)\.scale")


class ChromaModel(FlowModel):
    """A loaded model (see `webui.models.family.Model`)."""

    def __init__(self, info: ModelInfo, family: str, loaded: Components) -> None:
        """Put the parts together.

        Raises:
            UserError: they do not fit together.
        """
        super().__init__(info, family, loaded)
        config, (t5,) = self.transformer.config, loaded.encoders
        assert isinstance(t5, T5Encoder)
        self._t5 = t5
        token = self.latent.channels * self.patch**2
        if config["in_channels"] != token or config["joint_attention_dim"] != t5.width:
            name = f"{Path(info.path).name}/transformer/config.json"
            raise UserError("model_damaged", file=name)

    def encode_texts(
        self,
        texts: Sequence[str],
        clip_skip: int = 1,
        *,
        negative: bool = False,
        emphasis: Emphasis = "Original",
    ) -> list[Embedding]:
        """T5's vectors as far as the text goes, and one of the padding behind it.

        It was trained to see no more than that; what is not there need not be masked.
        """
        return [
            Embedding(self._t5.encode_bare(text, LENGTH, emphasis), None, negative)
            for text in texts
        ]

    def velocity(
        self,
        x: Tensor,
        timestep: Tensor,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any],
        shown: Sequence[Tensor],
    ) -> Tensor:
        height, width = x.shape[2:]
        words = torch.stack([one.tokens for one in embeddings]).to(x)
        output = self.transformer(
            hidden_states=packed(x),
            timestep=timestep / LEVELS,
            encoder_hidden_states=words,
            txt_ids=torch.zeros(words.shape[1], 3, device=x.device),
            img_ids=token_places(height // 2, width // 2, x.device),
            return_dict=False,
        )[0]
        return unpacked(output, height, width)


def chroma_config(header: Header, prefix: str, usual: Mapping[str, Any]) -> Mapping[str, Any]:
    """The transformer's config, as the header of a single file tells."""
    shapes, guide = header.shapes, f"{prefix}distilled_guidance_layer."
    try:
        width, channels = shapes[f"{prefix}img_in.weight"]
        hidden, told = shapes[f"{guide}in_proj.weight"]
        return {
            **usual,
            "in_channels": channels,
            "num_layers": blocks_of(header, f"{prefix}double_blocks."),
            "num_single_layers": blocks_of(header, f"{prefix}single_blocks."),
            "num_attention_heads": width // usual["attention_head_dim"],
            "joint_attention_dim": shapes[f"{prefix}txt_in.weight"][1],
            "approximator_num_channels": told,
            "approximator_hidden_dim": hidden,
            "approximator_layers": blocks_of(header, f"{guide}layers."),
        }
    except (LookupError, ValueError):
        return usual


def chroma_names(tensors: Tensors, network: Any) -> Tensors:
    """The tensors by the network's names: Flux's, and those of what guides it."""
    plain: Tensors = {}
    for name, value in tensors.items():
        name = _LINEAR.sub(lambda found: f"{found[1]}.linear_{'12'[found[2] == 'out']}.", name)
        plain[_NORM.sub(r"\1.weight", name)] = value
    return flux_names(plain, network)


class Chroma:
    """How to load one."""

    name = "chroma"

    def __init__(self, configs: Path = CONFIGS / "chroma") -> None:
        """Load nothing yet.

        Args:
            configs: of the parts of single files.
        """
        self._single = Single(self.name, configs, chroma_config, chroma_names)

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> ChromaModel:
        """See `webui.models.family.Family`."""
        parts = load_flow(KINDS, self._single, info, device, progress)
        return ChromaModel(info, self.name, parts)
