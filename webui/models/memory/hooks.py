"""Weights that come to the device when a module is called, and go when it has answered.

With torch's own hooks, which a call runs also when it fails: whatever happens in a call, the
weights are back where they were, and what changes them in between (LoRAs) finds them there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from webui.models.memory.carrying import Carrier

Undo = Callable[[], None]


@contextmanager
def changing() -> Iterator[None]:
    """Weights stay plain tensors, whoever draws: those made in inference mode can never change."""
    with torch.inference_mode(False), torch.no_grad():
        yield


class Group:
    """Weights that come and go together.

    What they are outside a call is the original in the machine's memory; in a call, a copy.
    """

    def __init__(self, tensors: Sequence[Tensor], carrier: Carrier) -> None:
        """Take them off the device."""
        self._tensors = tensors
        self._carrier = carrier
        self._packet = carrier.pack([one.data for one in tensors])
        self._coming: Tensor | None = None
        self._calls = 0
        self._give(self._packet.views())

    def prefetch(self) -> None:
        """Begin to fetch them, if there is room."""
        if self._coming is None and not self._calls:
            try:
                self._coming = self._carrier.fetch(self._packet)
            except torch.OutOfMemoryError:
                return  # fetched when they are needed

    def enter(self) -> None:
        self._calls += 1
        if self._calls > 1:
            return
        coming, self._coming = self._coming, None
        if coming is None:
            coming = self._carrier.fetch(self._packet)
        self._give(self._packet.views(self._carrier.arrived(coming)))

    def leave(self) -> None:
        self._calls = max(self._calls - 1, 0)
        if not self._calls:
            self._give(self._packet.views())

    def free(self) -> None:
        """Let go of what was fetched early."""
        self._coming = None

    def _give(self, values: Sequence[Tensor]) -> None:
        for tensor, value in zip(self._tensors, values, strict=True):
            tensor.data = value


class Order:
    """Which group comes after which, as the last call had it: what to fetch early."""

    def __init__(self) -> None:
        self._next: dict[int, Group] = {}
        self._last: Group | None = None

    def entered(self, group: Group) -> None:
        """A group is in use: fetch the next one."""
        if self._last is not None and self._last is not group:
            self._next[id(self._last)] = group
        self._last = group
        if coming := self._next.get(id(group)):
            coming.prefetch()

    def ended(self) -> None:
        """The network has answered: what was fetched and not used goes."""
        self._last = None
        for group in self._next.values():
            group.free()


class Cast:
    """A layer whose weight is kept in fewer bits, and made of the full precision for a call."""

    def __init__(self, layer: Any, stored: torch.dtype, full: torch.dtype) -> None:
        """Round it, if it is not."""
        self._layer = layer
        self._full = full
        self._kept: Tensor | None = None
        layer.weight.data = layer.weight.data.to(stored)

    def enter(self) -> None:
        kept = self._kept = self._layer.weight.data
        self._layer.weight.data = kept.to(self._full)

    def leave(self) -> None:
        if self._kept is not None:
            self._layer.weight.data = self._kept
        self._kept = None


def around(
    module: nn.Module, enter: Callable[[], None], leave: Callable[[], None] | None, to: torch.device
) -> Undo:
    """Call `enter` before a module is called and `leave` after it, however the call ends.

    Args:
        to: device that what is given to the module goes to.
    """

    def before(module: nn.Module, args: Any, kwargs: Any) -> Any:
        with changing():
            enter()
        return moved(args, to), moved(kwargs, to)

    def after(*given: Any) -> None:
        with changing():
            if leave is not None:
                leave()

    first = module.register_forward_pre_hook(before, with_kwargs=True, prepend=True)
    if leave is None:
        return first.remove
    last = module.register_forward_hook(after, always_call=True)

    def undo() -> None:
        first.remove()
        last.remove()

    return undo


def moved(value: Any, device: torch.device) -> Any:
    """Tensors on the device, in tuples, lists and mappings, too; what is there already stays."""
    if isinstance(value, Tensor):
        return value if _on(value, device) else value.to(device)
    if isinstance(value, dict):
        inner = {key: moved(one, device) for key, one in value.items()}
        same = all(inner[key] is value[key] for key in value)
        return value if same else inner
    if type(value) in (list, tuple):
        items = [moved(one, device) for one in value]
        same = all(one is other for one, other in zip(items, value, strict=True))
        return value if same else type(value)(items)
    return value


def _on(tensor: Tensor, device: torch.device) -> bool:
    same = tensor.device.type == device.type
    return same and device.index in (None, tensor.device.index)
