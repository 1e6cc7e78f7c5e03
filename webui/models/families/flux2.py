"""Flux.2: a rectified flow over a transformer, read by the inner layers of a language model.

Published by Black Forest Labs in 2025 (dev, read by Mistral Small) and 2026 (klein, read by Qwen3).
All of them draw from text, and edit a picture that they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel
from PIL import Image
from torch import Tensor
from transformers import Mistral3Config, MistralModel, Qwen3Config, Qwen3Model

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.participants import Embedding
from webui.library.shown import LARGEST
from webui.library.weights import Header, read_config, read_header
from webui.models.autoencoders import FLUX2_VAE
from webui.models.checkpoint import CONFIGS
from webui.models.components import Components, Kinds, Language
from webui.models.families.flow import LanguageFlow
from webui.models.family import ImageConditioning, LoadProgress
from webui.models.flow import LEVELS
from webui.models.flux2_names import flux2_names
from webui.models.language import Chat, shortened
from webui.models.mistral_words import MISTRAL_WORDS
from webui.models.singles import Single, blocks_of, load_flow

GUIDANCE = 4.0
"""What the network is told where no one asks for a scale."""
_LENGTH = 512
_BESIDE = 10
"""How far pictures that are shown lie in time from the one that is drawn, and from each other."""
MISTRAL = Chat(
    before=(
        "<s>[SYSTEM_PROMPT]You are an AI that reasons about image descriptions. You give "
        "structured responses focusing on object relationships, object\nattribution and actions "
        "without speculation.[/SYSTEM_PROMPT][INST]"
    ),
    after="[/INST]",
    length=_LENGTH,
    layers=(10, 20, 30),
    padding="<pad>",
    left=True,
)
QWEN = Chat(
    before="<|im_start|>user\n",
    after="<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
    length=_LENGTH,
    layers=(9, 18, 27),
    padding="<|endoftext|>",
)


def _mistral(config: Mapping[str, Any]) -> Any:
    text = Mistral3Config.from_dict(dict(config)).text_config
    return shortened(MistralModel, text, max(MISTRAL.layers))


def _qwen(config: Mapping[str, Any]) -> Any:
    return shortened(Qwen3Model, Qwen3Config.from_dict(dict(config)), max(QWEN.layers))


def _kinds(language: Language) -> Kinds:
    return Kinds(
        transformer=lambda config: Flux2Transformer2DModel.from_config(dict(config)),
        clips={},
        languages={"text_encoder": language},
        vae=FLUX2_VAE,
    )


DEV = _kinds(
    Language(
        tokenizer="tokenizer",
        make=_mistral,
        chat=MISTRAL,
        title="Mistral Small 3 (mistral_3_small_flux2)",
        words=MISTRAL_WORDS,
    )
)
KLEIN = _kinds(
    Language(
        tokenizer="tokenizer", make=_qwen, chat=QWEN, title="Qwen3 (qwen_3_4b, for 9B qwen_3_8b)"
    )
)
_CONFIGS: Mapping[int, tuple[str, Kinds]] = {
    15360: ("flux2", DEV),
    7680: ("flux2-klein-4b", KLEIN),
    12288: ("flux2-klein-9b", KLEIN),
}
"""Numbers a token that the transformer of a single file takes -> its configs, and its parts."""


class Flux2Model(LanguageFlow):
    """A loaded model (see `webui.models.family.Model`)."""

    image_conditioning: ImageConditioning = "reference"
    patch = 1
    called = "image"

    def __init__(self, info: ModelInfo, family: str, loaded: Components) -> None:
        """Put the parts together.

        Raises:
            UserError: they do not fit together.
        """
        super().__init__(info, family, loaded)
        self.shift = replace(self.shift, empirical=True)
        config = self.transformer.config
        fits = config["joint_attention_dim"] == self._text.width
        if not fits or config["in_channels"] != self.latent.channels:
            name = f"{Path(info.path).name}/transformer/config.json"
            raise UserError("model_damaged", file=name)

    def fitted(self, picture: Image.Image) -> Image.Image:
        """No larger than it was trained with, cut to whole tokens."""
        stride = self.latent.stride
        share = min(1.0, (LARGEST / (picture.width * picture.height)) ** 0.5)
        wide, tall = (max(stride, int(side * share)) for side in picture.size)
        small = picture.convert("RGB")
        if small.size != (wide, tall):
            small = small.resize((wide, tall), Image.Resampling.LANCZOS)
        left, top = wide % stride // 2, tall % stride // 2
        return small.crop((left, top, left + wide - wide % stride, top + tall - tall % stride))

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
        tokens, ids = _tokens(x), token_places(height, width, 0, x.device)
        for number, one in enumerate(shown, 1):
            beside = token_places(one.shape[2], one.shape[3], number * _BESIDE, x.device)
            tokens, ids = torch.cat([tokens, _tokens(one.to(x))], 1), torch.cat([ids, beside])
        text_ids = torch.zeros(words.shape[1], 4, device=x.device)
        text_ids[:, 3] = torch.arange(words.shape[1])
        output = self.transformer(
            hidden_states=tokens,
            timestep=timestep / LEVELS,
            encoder_hidden_states=words,
            txt_ids=text_ids,
            img_ids=ids,
            guidance=self._told(len(x), residuals),
            return_dict=False,
        )[0]
        return output[:, : height * width].transpose(1, 2).unflatten(2, (height, width))

    def _told(self, rows: int, residuals: Mapping[str, Any]) -> Tensor | None:
        """The scale of guidance for each row, of a network that was taught it."""
        if not self.transformer.config["guidance_embeds"]:
            return None
        return torch.full((rows,), float(residuals.get("guidance", GUIDANCE)), device=self.device)


def _tokens(x: Tensor) -> Tensor:
    """(B, C, h, w) to (B, h * w, C)."""
    return x.flatten(2).transpose(1, 2)


def token_places(rows: int, columns: int, time: int, device: torch.device) -> Tensor:
    """(rows * columns, 4): time, row and column of each token, and 0."""
    places = torch.zeros(rows, columns, 4, device=device)
    places[..., 0] = time
    places[..., 1] = torch.arange(rows, device=device)[:, None]
    places[..., 2] = torch.arange(columns, device=device)
    return places.reshape(rows * columns, 4)


def flux2_config(header: Header, prefix: str, usual: Mapping[str, Any]) -> Mapping[str, Any]:
    """The transformer's config, as the header of a single file tells."""
    shapes = header.shapes
    try:
        width, channels = shapes[f"{prefix}img_in.weight"]
        return {
            **usual,
            "in_channels": channels,
            "num_layers": blocks_of(header, f"{prefix}double_blocks."),
            "num_single_layers": blocks_of(header, f"{prefix}single_blocks."),
            "num_attention_heads": width // usual["attention_head_dim"],
            "joint_attention_dim": shapes[f"{prefix}txt_in.weight"][1],
            "guidance_embeds": f"{prefix}guidance_in.in_layer.weight" in shapes,
        }
    except (LookupError, ValueError):
        return usual


class Flux2:
    """How to load one."""

    name = "flux2"

    def __init__(
        self, configs: Path = CONFIGS, sizes: Mapping[int, tuple[str, Kinds]] = _CONFIGS
    ) -> None:
        """Load nothing yet.

        Args:
            configs: where the folders of configs for single files lie.
            sizes: which of them goes with which transformer.
        """
        self._configs = configs
        self._sizes = sizes

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> Flux2Model:
        """See `webui.models.family.Family`."""
        folder, kinds = self._kind(info)
        single = Single(self.name, self._configs / folder, flux2_config, flux2_names)
        parts = load_flow(kinds, single, info, device, progress)
        return Flux2Model(info, self.name, parts)

    def _kind(self, info: ModelInfo) -> tuple[str, Kinds]:
        """Its configs and its parts, by which language model reads for it."""
        path = Path(info.path)
        if info.format == "diffusers":
            shown = f"{path.name}/text_encoder/config.json"
            config = read_config(path / "text_encoder" / "config.json", shown)
            return "", KLEIN if config.get("model_type") == "qwen3" else DEV
        shapes = read_header(path, path.name).shapes
        wide = next((one[1] for name, one in shapes.items() if name.endswith("txt_in.weight")), 0)
        if wide not in self._sizes:
            raise UserError("model_unsupported", file=path.name, family=f"flux2, {wide} channels")
        return self._sizes[wide]
