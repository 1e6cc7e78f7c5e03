"""The head of a `.gguf` file: quantised weights, most of diffusion models and text encoders.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md: magic, version, the numbers of tensors
and of key-value pairs, the pairs, then name, shape, type and offset of each tensor.
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
from webui.library.weights import Header

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
}


@dataclass(frozen=True)
class Gguf:
    """What a file tells.

    Attributes:
        header: its tensors, in torch's order of sides; without their sizes in bytes.
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
        UserError: the file cannot be read, is of another kind or damaged.
    """
    try:
        with path.open("rb") as file:
            return _read(_Reader(file))
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("model_unreadable", file=shown, reason=reason) from error
    except (ValueError, struct.error, RecursionError) as error:
        raise UserError("model_damaged", file=shown) from error


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

    def value(self, kind: int) -> str:
        """A text; of other values nothing is kept."""
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            inner, count = self.number("I"), self.count()
            if inner in _NUMBERS:
                self.bytes(count * struct.calcsize(_NUMBERS[inner]))
            for _ in range(count if inner not in _NUMBERS else 0):
                self.value(inner)
            return ""
        self.bytes(struct.calcsize(_NUMBERS[kind]) if kind in _NUMBERS else -1)
        return ""


def _read(reader: _Reader) -> Gguf:
    if reader.bytes(len(_MAGIC)) != _MAGIC or reader.number("I") not in _VERSIONS:
        raise ValueError("no GGUF")
    tensors, pairs = reader.count(), reader.count()
    told: dict[str, str] = {}
    for _ in range(pairs):
        name = reader.text()
        told[name] = reader.value(reader.number("I"))
    shapes: dict[str, tuple[int, ...]] = {}
    numbers: Counter[str] = Counter()
    for _ in range(tensors):
        name = reader.text()
        sides = [reader.number("Q") for _ in range(min(reader.number("I"), 8))]
        kind, _offset = reader.number("I"), reader.number("Q")
        shapes[name] = tuple(reversed(sides))
        numbers[_TYPES.get(kind, f"type {kind}")] += prod(sides)
    dtype = max(numbers, key=lambda one: numbers[one], default="")
    architecture, title = (told.get(f"general.{key}", "") for key in ("architecture", "name"))
    return Gguf(Header(shapes, {}, {}, dtype), architecture, title)
