"""Where words are seen in a picture, by a CLIPSeg of transformers (Lüddecke and Ecker, 2022)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from transformers import CLIPSegForImageSegmentation, CLIPSegProcessor

from webui.models.folders import at_size, opened

FOUND = 100 / 255
"""Where of all that is seen, from the least to the most, the words are taken to be (Deforum's)."""


class WordFinder:
    """A CLIPSeg in memory."""

    def __init__(self, model: Any, processor: Any, device: torch.device) -> None:
        self._model = model.to(device).eval()
        self._processor = processor
        self._device = device

    @classmethod
    def open(cls, folder: Path, device: torch.device | str) -> WordFinder:
        """Load it from a folder as transformers has it; nothing is looked up elsewhere.

        Raises:
            UserError: what is in the folder is none, or is not whole.
        """
        model, processor = opened(
            folder, CLIPSegForImageSegmentation, CLIPSegProcessor, "words_unread"
        )
        return cls(model, processor, torch.device(device))

    @torch.inference_mode()
    def seen(self, words: str, levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """How sure it is of the words at each pixel, (H, W) in 0…1.

        levels: (H, W, 3) RGB.
        """
        images = [Image.fromarray(levels)]
        given = self._processor(text=[words], images=images, return_tensors="pt")
        made = self._model(**{name: value.to(self._device) for name, value in given.items()})
        sure = made.logits.reshape(1, *made.logits.shape[-2:]).float().sigmoid()
        return at_size(sure, levels, "bilinear")

    def mask(self, words: str, levels: npt.NDArray[np.uint8]) -> Image.Image:
        """Where the words are, mode L at the picture's size, white there; black where it is as
        sure everywhere."""
        sure = self.seen(words, levels)
        low, high = float(sure.min()), float(sure.max())
        if not high > low:
            return Image.new("L", levels.shape[1::-1])
        found = (sure - low) / (high - low) > FOUND
        return Image.fromarray(found.astype(np.uint8) * 255)
