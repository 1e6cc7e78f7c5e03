"""The models in memory, loaded when a job asks for them: those of one job."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import torch

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.library.hashes import Stamp, stamp
from webui.library.weights import weight_files
from webui.models.devices import best_device, free_memory, return_memory
from webui.models.families import FAMILIES
from webui.models.family import Family, LoadProgress, Model
from webui.models.whole import WholePipeline

_State = tuple[Stamp | None, ...]
_SPARE = 1.2
"""Memory that a model takes, relative to its files."""


class ModelManager:
    """Keeps the models in use and makes room before it loads another."""

    def __init__(
        self, device: torch.device | None = None, families: Mapping[str, Family] = FAMILIES
    ) -> None:
        """Take the device given, else the best one there is.

        Raises:
            UserError: the environment names a device that is not there.
        """
        self.device = device or best_device()
        self._families = families
        self._loaded: dict[str, tuple[_State, Model | WholePipeline]] = {}

    def get(
        self, info: ModelInfo, progress: LoadProgress, beside: Collection[str] = ()
    ) -> Model | WholePipeline:
        """The model, loaded if need be. What `progress` raises ends the loading.

        Args:
            beside: paths of other models that are wanted too; they stay loaded where there is
                room for all of them.

        Raises:
            UserError: the model cannot be used or loaded; the sentence says why.
        """
        state = tuple(map(stamp, weight_files(Path(info.path))))
        known = self._loaded.get(info.path)
        if known is None or known[0] != state:
            self._make_room(info, beside)
            self._loaded[info.path] = state, self._load(info, progress)
        return self._loaded[info.path][1]

    def _make_room(self, info: ModelInfo, beside: Collection[str]) -> None:
        self._loaded = {
            path: one for path, one in self._loaded.items() if path in beside and path != info.path
        }
        return_memory(self.device)
        if self._loaded and free_memory(self.device) < info.bytes * _SPARE:
            self._loaded = {}
            return_memory(self.device)

    def _load(self, info: ModelInfo, progress: LoadProgress) -> Model | WholePipeline:
        family = self._families.get(info.family or "")
        if family is None:
            raise UserError("model_unsupported", "model", file=info.id, family=info.family or "?")
        return family.load(info, self.device, progress)
