"""A `.safetensors` file written tensor by tensor, with no more than one of them in memory.

The format: 8 bytes length of the header (little endian), the header as JSON, filled up with spaces
to whole words of 8 bytes, then the tensors. As the library does it, those with larger numbers come
first, so that all lie at multiples of their size.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from webui.core.errors import UserError

TYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
"""What the format calls types of numbers."""
_NAMES: Mapping[torch.dtype, str] = {dtype: name for name, dtype in TYPES.items()}
_WORD = 8


@dataclass(frozen=True)
class Planned:
    """A tensor to be written.

    Attributes:
        make: reads or computes it; of the shape, and of any type that can be turned into `dtype`.
        parts: what it is made of: the name of a file, and what reads the tensor there.
    """

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    make: Callable[[], Tensor]
    parts: tuple[tuple[str, Callable[[], Tensor]], ...] = ()

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def write_weights(
    path: Path,
    weights: Sequence[Planned],
    metadata: Mapping[str, str],
    wrote: Callable[[int], None],
) -> None:
    """Write a new file.

    Args:
        wrote: told the bytes of each tensor after it; may raise to stop.

    Raises:
        UserError: a tensor has something that is no number, or its new type has none for it.
        OSError: it cannot be written.
    """
    ordered = sorted(weights, key=lambda one: (-one.dtype.itemsize, one.name))
    with path.open("xb") as file:
        file.write(_head(ordered, metadata))
        for one in ordered:
            file.write(_plain(finished(one)).numpy().data)
            wrote(one.bytes)
        file.flush()
        os.fsync(file.fileno())


def finished(planned: Planned) -> Tensor:
    """A tensor as it is written, whole and in its type.

    Raises:
        UserError: it has something that is no number, or that its new type has no number for.
    """
    whole = planned.make().to(planned.dtype)
    if whole.dtype.is_floating_point and not _is_finite(whole):
        for file, read in planned.parts:
            if not _is_finite(read()):
                raise UserError("merge_not_finite", file=file, name=planned.name)
        raise UserError("merge_overflow", name=planned.name)
    return whole


def _is_finite(tensor: Tensor) -> bool:
    wide = tensor.float() if tensor.dtype.itemsize == 1 else tensor  # 8 bits know no such question
    return bool(torch.isfinite(wide).all())


def _plain(tensor: Tensor) -> Tensor:
    return tensor.contiguous().reshape(-1).view(torch.uint8)


def _head(weights: Sequence[Planned], metadata: Mapping[str, str]) -> bytes:
    table: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for one in weights:
        start, end = end, end + one.bytes
        kind = {"dtype": _NAMES[one.dtype], "shape": list(one.shape)}
        table[one.name] = {**kind, "data_offsets": [start, end]}
    words = json.dumps(table, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
    words += b" " * (-len(words) % _WORD)
    return struct.pack("<Q", len(words)) + words
