"""Optical flow by RAFT (Teed and Deng, 2020): torchvision's network, weights of the user's."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torchvision.models.optical_flow import raft_large, raft_small

from webui.core.errors import UserError

_STEP, _LEAST = 8, 128
"""Sides that the network takes: multiples, and not less, for its pyramid of four levels."""


class Raft:
    """A network in memory, the large or the small one."""

    def __init__(self, model: Any, device: torch.device) -> None:
        self._model = model.to(device).eval()
        self._device = device

    @classmethod
    def open(cls, path: Path, device: torch.device | str) -> Raft:
        """Load the weights of a file, `.pth` as torchvision publishes them or `.safetensors`.

        Raises:
            UserError: they are not those of either network.
        """
        try:
            weights = _weights(path)
            wide = weights["feature_encoder.convnormrelu.0.weight"].shape[0] == 64
            model = (raft_large if wide else raft_small)(weights=None)
            model.load_state_dict(dict(weights))
        except (OSError, ValueError, KeyError, RuntimeError, *_BROKEN) as error:
            reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else "?"
            raise UserError("raft_unread", name=path.name, reason=reason) from error
        return cls(model, torch.device(device))

    @torch.inference_mode()
    def flow(
        self, first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.float32]:
        """How far each pixel of the first picture moves, (H, W, 2), x and y in pixels.

        first, second: (H, W, 3) RGB, of the same size.
        """
        height, width = first.shape[:2]
        pair = [self._pixels(levels) for levels in (first, second)]
        found = self._model(*pair)[-1][0, :, :height, :width]
        return np.ascontiguousarray(found.permute(1, 2, 0).float().cpu().numpy())

    def _pixels(self, levels: npt.NDArray[np.uint8]) -> Tensor:
        """(1, 3, h, w) in -1…1, its edges continued to sides that the network takes."""
        sides = [max(-(-side // _STEP) * _STEP, _LEAST) for side in levels.shape[:2]]
        missing = [(0, want - side) for want, side in zip(sides, levels.shape[:2], strict=True)]
        padded = np.pad(levels, (*missing, (0, 0)), mode="edge")
        pixels = torch.from_numpy(padded.astype(np.float32)).permute(2, 0, 1)[None]
        return pixels.to(self._device) / 127.5 - 1


_BROKEN = (SafetensorError, pickle.UnpicklingError, EOFError)


def _weights(path: Path) -> Mapping[str, Tensor]:
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)
