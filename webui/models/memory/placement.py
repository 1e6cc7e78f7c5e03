"""A loaded model's networks, each where the rung wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from webui.core.memory import Rung, Sizes
from webui.models.memory.carrying import Carrier
from webui.models.memory.hooks import Undo, changing
from webui.models.memory.saving import Slices, Tiles
from webui.models.memory.streaming import plain, store_in_8_bits, stream
from webui.models.memory.turns import RAM, Turns
from webui.models.stored import StoredLinear

VAE = "vae"
_TEXT = "text"
"""How the names of text encoders begin."""


class Placed(Protocol):
    """Something loaded that can be moved."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        ...

    @property
    def rung(self) -> Rung: ...

    @property
    def rounded(self) -> bool:
        """Its weights have lost digits, so that only loading it anew brings them back."""
        ...

    @property
    def sliceable(self) -> bool:
        """Whether its attention can be sliced."""
        ...

    def sizes(self) -> Sizes:
        """What its weights take in full precision."""
        ...

    def held(self) -> int:
        """Bytes of its weights that are on a device with memory of its own."""
        ...

    def use(self, rung: Rung, device: torch.device) -> None:
        """Bring it to a rung; of no effect where it is on it."""
        ...

    def park(self) -> None:
        """Take all of it to the machine's memory."""
        ...


@runtime_checkable
class Placeable(Protocol):
    """A model that knows its placement."""

    @property
    def placement(self) -> Placed: ...


class Placement:
    """Of a model whose networks are known. It begins where the networks are."""

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        main: str,
        parked: Callable[[], None] = lambda: None,
    ) -> None:
        """Move nothing.

        Args:
            networks: by name; text encoders begin with `text`, the autoencoder is `VAE`.
            main: the name of the network that denoises.
            parked: called when all has been taken to the machine's memory.
        """
        self._parked = parked
        self._networks: dict[str, Any] = dict(networks)
        self._main = main
        self.device: torch.device = self._networks[main].device
        self.dtype: torch.dtype = self._networks[main].dtype
        self.rung = Rung(place="cpu" if self.device.type == "cpu" else "device")
        self._rounded: Sizes | None = None
        self._at: tuple[str, torch.device] | None = None
        self._undo: list[Undo] = []
        self._types: dict[int, torch.dtype] = {}
        self._tiles = Tiles(self._networks[VAE])
        self._slices = Slices(self._networks[main])

    @property
    def rounded(self) -> bool:
        """See `Placed.rounded`."""
        return self._rounded is not None

    @property
    def sliceable(self) -> bool:
        """See `Placed.sliceable`."""
        return self._slices.possible

    def sizes(self) -> Sizes:
        """See `Placed.sizes`."""
        if self._rounded is not None:
            return self._rounded
        bytes = {name: size_of(network) for name, network in self._networks.items()}
        texts = [size for name, size in bytes.items() if name.startswith(_TEXT)]
        main = sum(bytes.values()) - sum(texts) - bytes[VAE]
        modules = self._networks[self._main].modules()
        few = sum(one.stored.nbytes for one in modules if isinstance(one, StoredLinear))
        return Sizes(sum(texts), max(texts, default=0), main, bytes[VAE], few)

    def held(self) -> int:
        """See `Placed.held`."""
        tensors = (
            one
            for network in self._networks.values()
            for one in (*network.parameters(), *network.buffers())
        )
        return sum(one.nbytes for one in tensors if one.device.type != "cpu")

    def use_autoencoder(self, vae: nn.Module) -> None:
        """Use another autoencoder from now on, on the same rung."""
        old = self._networks[VAE]
        if old is vae:
            return
        rung, at = self.rung, self._at
        simple = rung.place == "device"
        if not simple:
            self.park()
        self._tiles.use(None)
        self._networks[VAE], self._tiles = vae, Tiles(vae)
        if at is not None and simple:
            old.to(RAM)
            vae.to(self.device)
            self._save(rung)
        elif at is not None:
            self.use(rung, at[1])

    def use(self, rung: Rung, device: torch.device) -> None:
        """See `Placed.use`.

        Raises:
            torch.OutOfMemoryError: the device has no room; then all is in the machine's memory.
        """
        if self._at == (rung.place, device):
            self._save(rung)
            return
        if self._at is not None:
            self.park()
        self.device, self._at = device, (rung.place, device)
        try:
            with changing():
                self._place(rung)
        except BaseException:
            self.park()
            raise
        self._save(rung)

    def park(self) -> None:
        """See `Placed.park`."""
        while self._undo:
            self._undo.pop()()
        with changing():
            for network in self._networks.values():
                network.to(RAM)
            self._restore_types()
        self._at = None
        self._parked()

    def _place(self, rung: Rung) -> None:
        if rung.place == "cpu":
            self.device = RAM
            self._compute_wide()
        elif rung.place == "device":
            for network in self._networks.values():
                network.to(self.device)
        elif rung.place == "layers":
            self._stream()
        else:
            if rung.place == "fp8":
                self._rounded = self.sizes()
                main = self._networks[self._main]
                self._undo.append(store_in_8_bits(main, self.dtype, self.device))
            self._undo.append(Turns(self.device, self._networks).end)

    def _stream(self) -> None:
        """The autoencoder takes a turn; so does what cannot come layer by layer."""
        streamed = [
            name for name, network in self._networks.items() if name != VAE and plain(network)
        ]
        others = {name: one for name, one in self._networks.items() if name not in streamed}
        carrier = Carrier(self.device)
        for name in streamed:
            self._undo.append(stream(self._networks[name], carrier))
        turns = Turns(self.device, others, [self._networks[name] for name in streamed])
        self._undo.append(turns.end)

    def _save(self, rung: Rung) -> None:
        """What else saves memory."""
        self._tiles.use(rung.tile)
        self._slices.use(rung.sliced)
        self.rung = rung

    def _compute_wide(self) -> None:
        """The processor computes in float32 alone quickly, and half holds fewer digits."""
        for network in self._networks.values():
            for one in (*network.parameters(), *network.buffers()):
                if one.dtype in (torch.float16, torch.bfloat16):
                    self._types[id(one)] = one.dtype
                    one.data = one.data.float()
        self.dtype = torch.float32

    def _restore_types(self) -> None:
        for network in self._networks.values():
            for one in (*network.parameters(), *network.buffers()):
                if dtype := self._types.get(id(one)):
                    one.data = one.data.to(dtype)
        self._types = {}
        if self._rounded is None:
            self.dtype = self._networks[self._main].dtype


def size_of(network: nn.Module) -> int:
    """Bytes of its weights."""
    return sum(one.nbytes for one in (*network.parameters(), *network.buffers()))
