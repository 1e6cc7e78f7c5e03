"""Files in the format GGUF, written from its definition, byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

F32, F16, Q8_0, BF16 = 0, 1, 8, 30
_ALIGNED = 32
Stored = tuple[tuple[int, ...], int, bytes]
"""Sides in torch's order, number of the type, numbers."""


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(name: str, value: str) -> bytes:
    return text(name) + struct.pack("<I", 8) + text(value)


def whole_numbers(name: str, values: Sequence[int]) -> bytes:
    """A pair: a list of int32."""
    return text(name) + struct.pack(f"<IIQ{len(values)}i", 9, 5, len(values), *values)


def write(path: Path, tensors: Mapping[str, Stored], pairs: Sequence[bytes] = ()) -> Path:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs)
    numbers = b""
    for name, (sides, kind, data) in tensors.items():
        shape = struct.pack(f"<I{len(sides)}Q", len(sides), *reversed(sides))
        head += text(name) + shape + struct.pack("<IQ", kind, len(numbers))
        numbers += _filled(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_filled(head) + numbers)
    return path


def write_weights(path: Path, tensors: Mapping[str, Tensor], architecture: str = "flux") -> Path:
    """Matrices whose rows are whole blocks in 8 bits, the rest in 32, as converters do it."""
    stored = {name: _stored(value) for name, value in tensors.items()}
    return write(path, stored, [pair("general.architecture", architecture)])


def rounded(value: Tensor) -> Tensor:
    """What `write_weights` leaves of a tensor."""
    if not _in_blocks(value):
        return value.float()
    scales, numbers = _in_8_bits(value)
    return (scales.float() * numbers.float()).reshape(value.shape)


def _stored(value: Tensor) -> Stored:
    if not _in_blocks(value):
        return tuple(value.shape), F32, value.float().contiguous().numpy().tobytes()
    scales, numbers = _in_8_bits(value)
    data = torch.cat([scales.view(torch.uint8), numbers.view(torch.uint8)], dim=1)
    return tuple(value.shape), Q8_0, data.numpy().tobytes()


def _in_blocks(value: Tensor) -> bool:
    return value.dim() == 2 and value.shape[1] % 32 == 0


def _in_8_bits(value: Tensor) -> tuple[Tensor, Tensor]:
    """Scales (blocks, 1) float16 and numbers (blocks, 32) int8."""
    blocks = value.float().reshape(-1, 32)
    scales = (blocks.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-6).half()
    return scales, (blocks / scales.float()).round().clamp(-127, 127).to(torch.int8)


def _filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNED)
