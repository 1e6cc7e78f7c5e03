"""A language model that sees pictures beside the text it reads: Qwen2.5-VL."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor
from transformers import Qwen2_5_VLConfig, Qwen2VLImageProcessorPil
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLModel

from webui.models.gguf_names import language_tensors
from webui.models.language import Chat, LanguageEncoder
from webui.models.loading import Tensors

PLACE = "<|image_pad|>"
"""The token in whose places the picture's own vectors are read."""
_STEP = 32
_BEGIN = re.compile(r"^(?:model\.)?(?=visual\.)|^(?:model\.)?(?:language_model\.)?(?:model\.)?")
_HEAD = "lm_head."


class SeeingEncoder(LanguageEncoder):
    """Qwen2.5-VL and its tokenizer."""

    def __init__(
        self, model: Any, tokenizer: Tokenizer, part: str, chat: Chat, shown: str, area: int
    ) -> None:
        """Read nothing yet.

        Args:
            model: `Qwen2_5_VLModel`.
            shown: stands before the text for each picture; `{}` is its number, `PLACE` its own.
            area: pixels that a picture is brought to.
        """
        super().__init__(model, tokenizer, part, chat)
        self._shown = shown
        self._area = area
        self._pictures: tuple[Image.Image, ...] = ()

    @property
    def width(self) -> int:
        return self.model.config.text_config.hidden_size

    def look(self, pictures: Sequence[Image.Image]) -> None:
        """See these pictures beside the texts that are read from now on, or none."""
        if list(map(id, pictures)) != list(map(id, self._pictures)):
            self._pictures = tuple(pictures)
            self.forget()

    def _encode(self, text: str) -> Tensor:
        chat, device = self._chat, self.model.device
        seen = self._seen() if self._pictures else {}
        before = chat.before
        merged = self.model.config.vision_config.spatial_merge_size**2
        for number, grid in enumerate(seen.get("image_grid_thw", ()), 1):
            places = int(grid.prod()) // merged
            before += self._shown.format(number).replace(PLACE, PLACE * places)
        whole = f"{before}{text}{chat.after}"
        ids = torch.tensor([self._tokenizer.encode(whole, add_special_tokens=False).ids])
        kinds = (ids == self._tokenizer.token_to_id(PLACE)).int()
        output = self.model(
            input_ids=ids.to(device),
            attention_mask=torch.ones_like(ids).to(device),
            mm_token_type_ids=kinds.to(device),
            use_cache=False,
            **{name: one.to(device) for name, one in seen.items()},
        )
        return output.last_hidden_state[0, chat.skip :].float()

    def _seen(self) -> Mapping[str, Tensor]:
        """The pictures in patches, and how many there are along each side."""
        small = [
            one.convert("RGB").resize(brought_to(self._area, *one.size), Image.Resampling.LANCZOS)
            for one in self._pictures
        ]
        vision = self.model.config.vision_config
        patches = Qwen2VLImageProcessorPil(
            patch_size=vision.patch_size,
            merge_size=vision.spatial_merge_size,
            temporal_patch_size=vision.temporal_patch_size,
            min_pixels=56 * 56,
            max_pixels=14 * 14 * 4 * 16384,
        )
        return dict(patches(images=small, return_tensors="pt"))


def brought_to(area: int, width: int, height: int) -> tuple[int, int]:
    """Width and height of about so many pixels, in steps of 32, nearly of the same shape."""
    wide = (area * width / height) ** 0.5
    tall = wide * height / width
    return max(round(wide / _STEP), 1) * _STEP, max(round(tall / _STEP), 1) * _STEP


def seeing(config: Mapping[str, Any]) -> Any:
    """The network of a config."""
    return Qwen2_5_VLModel(Qwen2_5_VLConfig.from_dict(dict(config)))


def seeing_names(tensors: Tensors, network: Any) -> Tensors:
    """Names as saved by any version of transformers, or by llama.cpp in two files, to those of
    this one, without the head."""
    kept: Tensors = {}
    for name, value in language_tensors(tensors).items():
        own = _BEGIN.sub("", name, count=1)
        if not own.startswith(_HEAD):
            kept[own if own.startswith("visual.") else f"language_model.{own}"] = value
    return kept
