"""Z-Image: a rectified flow over one stream of text and picture, read by Qwen3.

Published by Alibaba's Tongyi lab in 2025 (Turbo, for few steps without guidance) and 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.transformers.transformer_z_image import ZImageTransformer2DModel
from torch import Tensor
from transformers import Qwen3Config, Qwen3Model

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.participants import Embedding
from webui.library.weights import Header
from webui.models.checkpoint import CONFIGS
from webui.models.components import Components, Kinds, Language, Vae
from webui.models.families.flow import LanguageFlow
from webui.models.family import LoadProgress
from webui.models.flow import LEVELS
from webui.models.language import Chat
from webui.models.loading import Tensors
from webui.models.singles import Single, blocks_of, load_flow

CHAT = Chat(
    before="<|im_start|>user\n",
    after="<|im_end|>\n<|im_start|>assistant\n",
    length=512,
    layers=(-2,),
)
KINDS = Kinds(
    transformer=lambda config: ZImageTransformer2DModel.from_config(dict(config)),
    clips={},
    languages={
        "text_encoder": Language(
            tokenizer="tokenizer",
            make=lambda config: Qwen3Model(Qwen3Config.from_dict(dict(config))),
            chat=CHAT,
            title="Qwen3 4B (qwen_3_4b)",
        )
    },
    vae=Vae(foreign=r"sd_?3|qwen|wan|flux_?2"),
)
_PATCH = 2
_OUTER = re.compile(r"^(x_embedder|final_layer)\.")
_RENAMED: tuple[tuple[str, str], ...] = (
    (".attention.out.", ".attention.to_out.0."),
    (".attention.q_norm.", ".attention.norm_q."),
    (".attention.k_norm.", ".attention.norm_k."),
)
_FUSED = ".attention.qkv."
_UNREAD = "norm_final.weight"
"""Of the makers' code, which nothing uses."""


class ZImageModel(LanguageFlow):
    """A loaded model (see `webui.models.family.Model`)."""

    def __init__(self, info: ModelInfo, family: str, loaded: Components) -> None:
        """Put the parts together.

        Raises:
            UserError: they do not fit together.
        """
        super().__init__(info, family, loaded)
        config = self.transformer.config
        told = config["in_channels"], config["cap_feat_dim"]
        if told != (self.latent.channels, self._text.width):
            name = f"{Path(info.path).name}/transformer/config.json"
            raise UserError("model_damaged", file=name)

    def velocity(
        self,
        x: Tensor,
        timestep: Tensor,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any],
        shown: Sequence[Tensor],
    ) -> Tensor:
        """The network counts from noise to picture, and guesses clean - noise."""
        self._check_size(x)
        output = self.transformer(
            list(x.unsqueeze(2).unbind()),
            1 - timestep / LEVELS,
            [one.tokens.to(x) for one in embeddings],
            return_dict=False,
        )[0]
        return -torch.stack(output).squeeze(2)

    def _check_size(self, x: Tensor) -> None:
        """Whether the network knows as many places.

        Raises:
            UserError: it does not.
        """
        _, rows, columns = self.transformer.config["axes_lens"]
        if x.shape[2] > rows * _PATCH or x.shape[3] > columns * _PATCH:
            pixels = min(rows, columns) * _PATCH * self.latent.stride
            raise UserError("model_largest_side", "width", model=self.info.id, pixels=pixels)


def z_image_config(header: Header, prefix: str, usual: Mapping[str, Any]) -> Mapping[str, Any]:
    """The transformer's config, as the header of a single file tells."""
    shapes = header.shapes
    try:
        width = shapes[f"{prefix}cap_embedder.1.bias"][0]
        first = next(
            shapes[f"{prefix}{name}.weight"]
            for name in ("x_embedder", "all_x_embedder.2-1")
            if f"{prefix}{name}.weight" in shapes
        )
        heads = width // sum(usual["axes_dims"])
        return {
            **usual,
            "in_channels": first[1] // _PATCH**2,
            "dim": width,
            "n_layers": blocks_of(header, f"{prefix}layers."),
            "n_refiner_layers": blocks_of(header, f"{prefix}noise_refiner."),
            "n_heads": heads,
            "n_kv_heads": heads,
            "cap_feat_dim": shapes[f"{prefix}cap_embedder.0.weight"][0],
        }
    except (LookupError, StopIteration):
        return usual


def z_image_names(tensors: Tensors, network: Any) -> Tensors:
    """The makers' names, with query, key and value in one layer or not, to those of diffusers."""
    found: Tensors = {}
    for name, value in tensors.items():
        if name == _UNREAD:
            continue
        new = _OUTER.sub(r"all_\1.2-1.", name)
        for old, own in _RENAMED:
            new = new.replace(old, own)
        if _FUSED not in new:
            found[new] = value
            continue
        for one, part in zip("qkv", value.chunk(3), strict=True):
            found[new.replace(_FUSED, f".attention.to_{one}.")] = part
    return found


class ZImage:
    """How to load one."""

    name = "z-image"

    def __init__(self, configs: Path = CONFIGS / "z-image") -> None:
        """Load nothing yet.

        Args:
            configs: of the parts of single files.
        """
        self._single = Single(self.name, configs, z_image_config, z_image_names)

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> ZImageModel:
        """See `webui.models.family.Family`."""
        parts = load_flow(KINDS, self._single, info, device, progress)
        return ZImageModel(info, self.name, parts)
