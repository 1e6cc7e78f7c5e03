"""Where the parts of a whole pipeline of diffusers are, which moves them by means of its own."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from webui.core.memory import Rung, Sizes
from webui.models.memory.hooks import changing
from webui.models.memory.placement import size_of
from webui.models.memory.saving import Tiles
from webui.models.memory.turns import RAM

_VAE = "vae"


class PipelinePlacement:
    """Of a `DiffusionPipeline`, see `placement.Placed`."""

    sliceable = False
    rounded = False

    def __init__(self, pipe: Any) -> None:
        """Move nothing."""
        self._pipe = pipe
        self._networks: dict[str, nn.Module] = {
            name: part for name, part in pipe.components.items() if isinstance(part, nn.Module)
        }
        self._tiles = Tiles(self._networks.get(_VAE))
        self.device: torch.device = RAM
        self.rung = Rung(place="cpu")

    def sizes(self) -> Sizes:
        """See `Placed.sizes`."""
        bytes = {name: size_of(network) for name, network in self._networks.items()}
        texts = [size for name, size in bytes.items() if name.startswith("text")]
        vae = bytes.get(_VAE, 0)
        main = sum(bytes.values()) - sum(texts) - vae
        return Sizes(sum(texts), max(texts, default=0), main, vae)

    def held(self) -> int:
        """See `Placed.held`."""
        networks = self._networks.values()
        tensors = (one for network in networks for one in network.parameters())
        return sum(one.nbytes for one in tensors if one.device.type != "cpu")

    def use(self, rung: Rung, device: torch.device) -> None:
        """See `Placed.use`; what would be kept in 8 bits comes layer by layer."""
        if (rung.place, device) != (self.rung.place, self.device):
            self.park()
            try:
                with changing():
                    self._place(rung, device)
            except BaseException:
                self.park()
                raise
        self._tiles.use(rung.tile)
        self.device, self.rung = device, rung

    def park(self) -> None:
        """See `Placed.park`."""
        with changing():
            self._pipe.remove_all_hooks()
            for network in self._networks.values():
                network.to(RAM)
        self._tiles.use(None)
        self.device, self.rung = RAM, Rung(place="cpu")

    def _place(self, rung: Rung, device: torch.device) -> None:
        if rung.place == "device":
            self._pipe.to(device)
        elif rung.place == "parts":
            self._pipe.enable_model_cpu_offload(device=device)
        elif rung.place in ("layers", "fp8"):
            self._pipe.enable_sequential_cpu_offload(device=device)
