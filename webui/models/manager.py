"""The models in memory: one at a time, loaded when a job asks for it."""

from __future__ import annotations

import torch

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.models.devices import best_device, return_memory
from webui.models.families import FAMILIES
from webui.models.family import LoadProgress, Model


class ModelManager:
    """Keeps the model in use and makes room before it loads another."""

    def __init__(self, device: torch.device | None = None) -> None:
        """Take the device given, else the best one there is.

        Raises:
            UserError: the environment names a device that is not there.
        """
        self.device = device or best_device()
        self._loaded: Model | None = None

    def get(self, info: ModelInfo, progress: LoadProgress) -> Model:
        """The model, loaded if need be. What `progress` raises ends the loading.

        Raises:
            UserError: the model cannot be used or loaded; the sentence says why.
        """
        if self._loaded is None or _file(self._loaded.info) != _file(info):
            self._loaded = None
            return_memory(self.device)
            self._loaded = self._load(info, progress)
        return self._loaded

    def _load(self, info: ModelInfo, progress: LoadProgress) -> Model:
        family = FAMILIES.get(info.family or "")
        if family is None:
            raise UserError("model_unsupported", "model", file=info.id, family=info.family or "?")
        return family.load(info, self.device, progress)


def _file(info: ModelInfo) -> tuple[str, int]:
    """What is loaded; its hash may become known meanwhile."""
    return info.path, info.bytes
