"""Weights on their way to a device: several at a time, in one copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

_ALIGNED = 256
"""Bytes: where a tensor begins in a packet."""


class Packet:
    """Tensors that lie one after the other in one piece of memory.

    Attributes:
        bytes: all of it.
    """

    def __init__(self, tensors: Sequence[Tensor], bytes: Tensor) -> None:
        """Put nothing into it yet.

        Args:
            tensors: whose shapes it has.
            bytes: (n,) uint8, at least as many as `size_of` says.
        """
        self.bytes = bytes
        self._shapes = [(one.shape, one.dtype, one.nbytes) for one in tensors]

    @classmethod
    def of(cls, tensors: Sequence[Tensor], pinned: bool = False) -> Packet:
        """A copy of them in the machine's memory.

        Args:
            pinned: where a device can fetch it by itself; if there is room for that.
        """
        packet = cls(tensors, _room(size_of(tensors), pinned))
        for view, tensor in zip(packet.views(), tensors, strict=True):
            view.copy_(tensor)
        return packet

    def views(self, bytes: Tensor | None = None) -> list[Tensor]:
        """The tensors, in this memory or in another that it was copied to."""
        place, begin = self.bytes if bytes is None else bytes, 0
        found: list[Tensor] = []
        for shape, dtype, size in self._shapes:
            found.append(place[begin : begin + size].view(dtype).view(shape))
            begin += _aligned(size)
        return found


class Carrier:
    """Takes packets to a device. Copies to an NVIDIA card run beside the work there."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._stream: Any = torch.cuda.Stream(device) if device.type == "cuda" else None

    @property
    def beside(self) -> bool:
        """Whether it copies while the device works, so that it pays to begin early."""
        return self._stream is not None

    def pack(self, tensors: Sequence[Tensor]) -> Packet:
        """A copy in the machine's memory, as this carrier likes it."""
        return Packet.of(tensors, pinned=self.beside)

    def fetch(self, packet: Packet) -> Tensor:
        """Begin to copy a packet's bytes to the device."""
        if self._stream is None:
            return packet.bytes.to(self.device)
        with torch.cuda.stream(self._stream):
            return packet.bytes.to(self.device, non_blocking=True)

    def arrived(self, bytes: Tensor) -> Tensor:
        """The same once the device may use it."""
        if self._stream is not None:
            working = torch.cuda.current_stream(self.device)
            working.wait_stream(self._stream)
            bytes.record_stream(working)  # its memory is not given away while it is in use
        return bytes


def size_of(tensors: Sequence[Tensor]) -> int:
    """Bytes of a packet."""
    return sum(_aligned(one.nbytes) for one in tensors)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED


def _room(size: int, pinned: bool) -> Tensor:
    try:
        return torch.empty(size, dtype=torch.uint8, pin_memory=pinned)
    except RuntimeError:  # the system pins no more: slower, but it works
        return torch.empty(size, dtype=torch.uint8)
