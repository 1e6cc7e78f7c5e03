"""How far each pixel of a picture is, by any network of transformers that estimates depth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForDepthEstimation

from webui.models.folders import at_size, opened

_METRIC = ("zoedepth", "depth_pro")
"""Networks whose numbers are metres; the others' are larger where it is nearer."""
_NEAREST = 1e-6


class DepthEstimator:
    """A network of depth in memory."""

    def __init__(self, model: Any, processor: Any, device: torch.device) -> None:
        self._model = model.to(device).eval()
        self._processor = processor
        self._device = device
        config = model.config
        told = getattr(config, "depth_estimation_type", None)
        self.metric = config.model_type in _METRIC or told == "metric"
        """Whether its numbers are distances."""

    @classmethod
    def open(cls, folder: Path, device: torch.device | str) -> DepthEstimator:
        """Load a network from a folder as transformers has it; nothing is looked up elsewhere.

        Raises:
            UserError: what is in the folder is none, or is not whole.
        """
        model, processor = opened(
            folder, AutoModelForDepthEstimation, AutoImageProcessor, "depth_unread"
        )
        return cls(model, processor, torch.device(device))

    @torch.inference_mode()
    def nearness(self, levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """How near each pixel is, (H, W), in no unit: larger is nearer, whatever the network.

        levels: (H, W, 3) RGB.
        """
        depth = self._depth(levels)
        return (1 / np.maximum(depth, _NEAREST)).astype(np.float32) if self.metric else depth

    @torch.inference_mode()
    def distance(self, levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """How far each pixel is, (H, W), in no unit: smaller is nearer, whatever the network."""
        depth = self._depth(levels)
        return depth if self.metric else (depth.max() - depth).astype(np.float32)

    def _depth(self, levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        given = self._processor(images=Image.fromarray(levels), return_tensors="pt")
        pixels = given["pixel_values"].to(self._device, self._model.dtype)
        return at_size(self._model(pixel_values=pixels).predicted_depth, levels, "bicubic")
