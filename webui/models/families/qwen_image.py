"""Qwen-Image: a rectified flow over a transformer, whose texts Qwen2.5-VL reads.

Published by Alibaba's Qwen team in 2025, with models that edit a picture as the text says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers.models.transformers.transformer_qwenimage import QwenImageTransformer2DModel
from PIL import Image
from torch import Tensor
from transformers import Qwen2_5_VLConfig
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLTextModel

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.participants import Embedding
from webui.library.shown import LARGEST, shown_most
from webui.library.weights import Header
from webui.models.autoencoders import QWEN_VAE
from webui.models.checkpoint import CONFIGS
from webui.models.components import Components, Kinds, Language
from webui.models.families.flow import LanguageFlow
from webui.models.families.flux import packed, unpacked
from webui.models.family import ImageConditioning, LoadProgress
from webui.models.flow import LEVELS
from webui.models.language import Chat
from webui.models.loading import Tensors
from webui.models.sight import PLACE, SeeingEncoder, brought_to, seeing, seeing_names
from webui.models.singles import Single, blocks_of, load_flow

CHAT = Chat(
    before=(
        "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, "
        "quantity, text, spatial relationships of the objects and background:<|im_end|>\n"
        "<|im_start|>user\n"
    ),
    after="<|im_end|>\n<|im_start|>assistant\n",
    length=1024 + 34,
    skip=34,  # what stands before the text, but for its last mark
)


EDIT = Chat(
    before=(
        "<|im_start|>system\nDescribe the key features of the input image (color, shape, size, "
        "texture, objects, background), then explain how the user's text instruction should alter "
        "or modify the image. Generate a new image that meets the user's requirements while "
        "maintaining consistency with the original input where appropriate.<|im_end|>\n"
        "<|im_start|>user\n"
    ),
    after="<|im_end|>\n<|im_start|>assistant\n",
    length=1 << 16,
    skip=64,
)
_SEEN = f"<|vision_start|>{PLACE}<|vision_end|>"
TITLE = "Qwen2.5-VL 7B (qwen_2.5_vl_7b)"


def _reader(config: Mapping[str, Any]) -> Any:
    text: Any = Qwen2_5_VLConfig.from_dict(dict(config)).text_config
    return Qwen2_5_VLTextModel(text)


def _kinds(language: Language) -> Kinds:
    return Kinds(
        transformer=lambda config: QwenImageTransformer2DModel.from_config(dict(config)),
        clips={},
        languages={"text_encoder": language},
        vae=QWEN_VAE,
    )


def _editing(shown: str, area: int) -> Kinds:
    return _kinds(
        Language(
            tokenizer="tokenizer",
            make=seeing,
            chat=EDIT,
            title=TITLE,
            names=seeing_names,
            sees=True,
            encoder=partial(SeeingEncoder, shown=shown, area=area),
        )
    )


KINDS = _kinds(Language(tokenizer="tokenizer", make=_reader, chat=CHAT, title=TITLE))
FIRST_EDIT = _editing(_SEEN, LARGEST)
EDIT_PLUS = _editing(f"Picture {{}}: {_SEEN}", 384 * 384)
"""From the version of September 2025 on, which may be shown several pictures."""


class QwenImageModel(LanguageFlow):
    """A loaded model (see `webui.models.family.Model`)."""

    called = "Picture"

    def __init__(self, info: ModelInfo, family: str, loaded: Components) -> None:
        """Put the parts together.

        Raises:
            UserError: they do not fit together.
        """
        super().__init__(info, family, loaded)
        config = self.transformer.config
        if isinstance(self._text, SeeingEncoder):
            self.image_conditioning: ImageConditioning = "reference"
        token = self.latent.channels * self.patch**2
        if config["in_channels"] != token or config["joint_attention_dim"] != self._text.width:
            name = f"{Path(info.path).name}/transformer/config.json"
            raise UserError("model_damaged", file=name)

    def look(self, pictures: Sequence[Image.Image]) -> None:
        """See `webui.models.family.Sighted`."""
        if isinstance(self._text, SeeingEncoder):
            self._text.look(pictures)

    def fitted(self, picture: Image.Image) -> Image.Image:
        """Of about the size that it was trained with."""
        sides = brought_to(LARGEST, *picture.size)
        return picture.convert("RGB").resize(sides, Image.Resampling.LANCZOS)

    def velocity(
        self,
        x: Tensor,
        timestep: Tensor,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any],
        shown: Sequence[Tensor],
    ) -> Tensor:
        height, width = x.shape[2:]
        tokens, sizes = packed(x), [(1, height // 2, width // 2)]
        count = tokens.shape[1]
        for one in shown:
            tokens = torch.cat([tokens, packed(one.to(x))], dim=1)
            sizes.append((1, one.shape[2] // 2, one.shape[3] // 2))
        output = self.transformer(
            hidden_states=tokens,
            timestep=timestep / LEVELS,
            encoder_hidden_states=torch.stack([one.tokens for one in embeddings]).to(x),
            img_shapes=[sizes] * len(x),
            return_dict=False,
        )[0]
        return unpacked(output[:, :count], height, width)


def qwen_image_config(header: Header, prefix: str, usual: Mapping[str, Any]) -> Mapping[str, Any]:
    """The transformer's config, as the header of a single file tells."""
    shapes = header.shapes
    try:
        width, channels = shapes[f"{prefix}img_in.weight"]
        return {
            **usual,
            "in_channels": channels,
            "out_channels": shapes[f"{prefix}proj_out.weight"][0] // usual["patch_size"] ** 2,
            "num_layers": blocks_of(header, f"{prefix}transformer_blocks."),
            "num_attention_heads": width // usual["attention_head_dim"],
            "joint_attention_dim": shapes[f"{prefix}txt_in.weight"][1],
            "zero_cond_t": f"{prefix}__index_timestep_zero__" in shapes,
        }
    except (LookupError, ValueError):
        return usual


def qwen_image_names(tensors: Tensors, network: Any) -> Tensors:
    """The makers' names are those of diffusers."""
    return {name: value for name, value in tensors.items() if not name.startswith("__")}


class QwenImage:
    """How to load one."""

    name = "qwen-image"

    def __init__(self, configs: Path = CONFIGS / "qwen-image") -> None:
        """Load nothing yet.

        Args:
            configs: of the parts of single files.
        """
        self._single = Single(self.name, configs, qwen_image_config, qwen_image_names)

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> QwenImageModel:
        """See `webui.models.family.Family`."""
        parts = load_flow(_kinds_of(info), self._single, info, device, progress)
        return QwenImageModel(info, self.name, parts)


def _kinds_of(info: ModelInfo) -> Kinds:
    """Its parts: which of those that edit it is, folders tell by their class, files by names."""
    if info.variant != "edit":
        return KINDS
    return EDIT_PLUS if shown_most(info) > 1 else FIRST_EDIT
