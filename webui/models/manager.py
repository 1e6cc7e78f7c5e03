"""The models in memory: one at a time, loaded when a job asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.library.hashes import Stamp, stamp
from webui.library.weights import weight_files
from webui.models.devices import best_device, return_memory
from webui.models.families import FAMILIES
from webui.models.family import Family, LoadProgress, Model

_State = tuple[str, tuple[Stamp | None, ...]]


class ModelManager:
    """Keeps the model in use and makes room before it loads another."""

    def __init__(
        self, device: torch.device | None = None, families: Mapping[str, Family] = FAMILIES
    ) -> None:
        """Take the device given, else the best one there is.

        Raises:
            UserError: the environment names a device that is not there.
        """
        self.device = device or best_device()
        self._families = families
        self._loaded: Model | None = None
        self._state: _State | None = None

    def get(self, info: ModelInfo, progress: LoadProgress) -> Model:
        """The model, loaded if need be. What `progress` raises ends the loading.

        Raises:
            UserError: the model cannot be used or loaded; the sentence says why.
        """
        state = _state(info)
        if self._loaded is None or state != self._state:
            self._loaded = None
            return_memory(self.device)
            self._loaded = self._load(info, progress)
            self._state = state
        return self._loaded

    def _load(self, info: ModelInfo, progress: LoadProgress) -> Model:
        family = self._families.get(info.family or "")
        if family is None:
            raise UserError("model_unsupported", "model", file=info.id, family=info.family or "?")
        return family.load(info, self.device, progress)


def _state(info: ModelInfo) -> _State:
    """What is loaded: the files as they are now."""
    return info.path, tuple(map(stamp, weight_files(Path(info.path))))
