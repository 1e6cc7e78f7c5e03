"""The head of a `.gguf` file: quantised weights, most of diffusion models and text encoders.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md: magic, version, the numbers of tensors
and of key-value pairs, the pairs, then name, shape, type and offset of each tensor. The tensors
begin at the next multiple of `general.alignment`.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

from webui.core.errors import UserError
from webui.library.header import BLOCKS, BYTES, Header, Shape, check_length

GGUF = ".gguf"

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST = 1_000_000
_LONGEST = 10_000_000
_NUMBERS: Mapping[int, str] = {
    **dict(enumerate("BbHhIif?")),
    **{10: "Q", 11: "q", 12: "d"},
}
"""Type of a value -> how `struct` calls it."""
_STRING, _ARRAY = 8, 9
_TYPES: Mapping[int, str] = {
    **{0: "F32", 1: "F16", 30: "BF16"},
    **{2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1"},
    **{10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K"},
    **{16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S"},
    **{22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4"},
    **{24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64"},
}
_ALIGNMENT, _ALIGNED = "general.alignment", 32
_MOST_ALIGNED = 2**20
_FORMER = "comfy.gguf.orig_shape."
"""Before the name of a tensor whose sides were changed for the sake of the blocks: its own sides,
in torch's order."""
_MOST_SIDES = 8


_Value = str | int | tuple[int, ...] | None


@dataclass(frozen=True)
class Gguf:
    """What a file tells.

    Attributes:
        header: its tensors, in torch's order of sides; of types unknown the size is 0.
        architecture, title: as it says; empty if it does not.
    """

    header: Header
    architecture: str
    title: str


def read_gguf(path: Path, shown: str) -> Gguf:
    """Read the head.

    Args:
        shown: how errors name the file.

    Raises:
        UserError: the file cannot be read, is of another kind, cut off or damaged.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            read, end = _read(_Reader(file))
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("model_unreadable", file=shown, reason=reason) from error
    except (ValueError, struct.error, RecursionError) as error:
        raise UserError("model_damaged", file=shown) from error
    check_length(shown, size, end)
    return read


class _Reader:
    """Values one after the other, all little endian."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def bytes(self, count: int) -> bytes:
        data = self._file.read(count) if 0 <= count <= _LONGEST else b""
        if len(data) != count:
            raise ValueError("cut off")
        return data

    def number(self, kind: str) -> int:
        return struct.unpack(f"<{kind}", self.bytes(struct.calcsize(kind)))[0]

    def count(self) -> int:
        count = self.number("Q")
        if count > _MOST:
            raise ValueError("too many")
        return count

    def text(self) -> str:
        return self.bytes(self.number("Q")).decode("utf-8", "replace")

    def value(self, kind: int) -> _Value:
        """A text, a whole number or a list of a few; of other values nothing is kept."""
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            return self._array(self.number("I"), self.count())
        if kind not in _NUMBERS:
            raise ValueError(kind)
        return self.number(_NUMBERS[kind])

    def _array(self, kind: int, count: int) -> _Value:
        if kind in _NUMBERS:
            data = self.bytes(count * struct.calcsize(_NUMBERS[kind]))
            few = count <= _MOST_SIDES
            return struct.unpack(f"<{count}{_NUMBERS[kind]}", data) if few else None
        for _ in range(count):
            self.value(kind)
        return None

    @property
    def place(self) -> int:
        return self._file.tell()


@dataclass
class _Table:
    shapes: dict[str, Shape]
    sizes: dict[str, int]
    types: dict[str, str]
    offsets: dict[str, int]


def _read(reader: _Reader) -> tuple[Gguf, int]:
    """What it tells, and how long the file must be."""
    if reader.bytes(len(_MAGIC)) != _MAGIC or reader.number("I") not in _VERSIONS:
        raise ValueError("no GGUF")
    tensors, pairs = reader.count(), reader.count()
    told: dict[str, _Value] = {}
    for _ in range(pairs):
        name = reader.text()
        told[name] = reader.value(reader.number("I"))
    table = _Table({}, {}, {}, {})
    numbers: Counter[str] = Counter()
    for _ in range(tensors):
        kind, count = _tensor(reader, table, told)
        numbers[kind] += count
    begin = _aligned(reader.place, told.get(_ALIGNMENT))
    offsets = {name: begin + offset for name, offset in table.offsets.items()}
    end = max((offset + table.sizes[name] for name, offset in offsets.items()), default=0)
    dtype = max(numbers, key=lambda one: numbers[one], default="")
    header = Header(table.shapes, table.sizes, {}, dtype, table.types, offsets)
    texts = [told.get(f"general.{key}") for key in ("architecture", "name")]
    architecture, title = (one if isinstance(one, str) else "" for one in texts)
    return Gguf(header, architecture, title), end


def _tensor(reader: _Reader, table: _Table, told: Mapping[str, _Value]) -> tuple[str, int]:
    """Read one into the table; its type and how many numbers it has."""
    name = reader.text()
    sides = reader.number("I")
    if sides > _MOST_SIDES or name in table.shapes:
        raise ValueError(name)
    shape = tuple(reversed([reader.number("Q") for _ in range(sides)]))
    number = reader.number("I")
    kind = _TYPES.get(number, f"type {number}")
    table.types[name] = kind
    table.offsets[name] = reader.number("Q")
    table.sizes[name] = _size(shape, kind)
    former = told.get(f"{_FORMER}{name}")
    if isinstance(former, tuple):
        whole = all(type(side) is int and side > 0 for side in former)
        if not whole or prod(former) != prod(shape):
            raise ValueError(name)
        shape = former
    table.shapes[name] = shape
    return kind, prod(shape)


def _size(shape: Shape, kind: str) -> int:
    """Bytes; a row is whole blocks."""
    if kind in BYTES:
        return prod(shape) * BYTES[kind]
    if kind not in BLOCKS:
        return 0
    numbers, size = BLOCKS[kind]
    if not shape or shape[-1] % numbers:
        raise ValueError(shape)
    return prod(shape) // numbers * size


def _aligned(place: int, told: _Value) -> int:
    to = told if isinstance(told, int) and 0 < told <= _MOST_ALIGNED else _ALIGNED
    return -(-place // to) * to
