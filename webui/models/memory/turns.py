"""Networks that take turns on a device: each comes when it is called, and the one before goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import torch
from torch import nn

from webui.models.memory.hooks import Undo, around, changing

RAM = torch.device("cpu")


class Turns:
    """Who is on the device."""

    def __init__(
        self,
        device: torch.device,
        networks: Mapping[str, nn.Module],
        others: Iterable[nn.Module] = (),
    ) -> None:
        """All begin in the machine's memory, where they must be already.

        Args:
            others: networks that are not moved; when one is called, whoever is there goes.
        """
        self._device = device
        self._networks = dict(networks)
        self._there: str | None = None
        self._undo: list[Undo] = []
        for name, network in networks.items():
            self._watch(network, partial(self.call, name))
        for network in others:
            self._watch(network, self.clear)

    def call(self, name: str) -> None:
        """Let one come."""
        if self._there != name:
            self.clear()
            self._there = name
            self._networks[name].to(self._device)

    def clear(self) -> None:
        """Let whoever is there go."""
        if self._there is not None:
            self._networks[self._there].to(RAM)
            self._there = None

    def _watch(self, network: nn.Module, called: Callable[[], None]) -> None:
        for module in entries(network):
            self._undo.append(around(module, called, None, self._device))

    def end(self) -> None:
        """Take the hooks off, and the last one from the device."""
        for one in self._undo:
            one()
        with changing():
            self.clear()


def entries(network: nn.Module) -> Iterator[nn.Module]:
    """Where calls come in: the network, and its parts, which an autoencoder's methods call."""
    yield network
    for child in network.children():
        if isinstance(child, nn.ModuleList | nn.ModuleDict):
            yield from child.children()
        else:
            yield child
