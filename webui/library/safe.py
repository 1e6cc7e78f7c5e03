"""The head of a `.safetensors` file: what is in it, and is it whole.

The format: 8 bytes length of the header (little endian), the header as JSON, the tensors.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from pydantic_core import from_json

from webui.core.errors import UserError
from webui.library.bits import with_states
from webui.library.header import BYTES, Header, check_length

SUFFIX = ".safetensors"

_LENGTH = struct.Struct("<Q")
_LONGEST_HEADER = 100_000_000


def read_safe(path: Path, shown: str) -> Header:
    """Read the header and check that the file is as long as it says.

    Args:
        shown: how errors name the file.

    Raises:
        UserError: the file cannot be read, is of another kind, cut off or damaged.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _read(file, size, shown)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("model_unreadable", file=shown, reason=reason) from error


def _read(file: BinaryIO, size: int, name: str) -> Header:
    start = file.read(_LENGTH.size)
    length = _LENGTH.unpack(start)[0] if len(start) == _LENGTH.size else _LENGTH.size
    if length > _LONGEST_HEADER:
        raise UserError("model_damaged", file=name)
    check_length(name, size, _LENGTH.size + length)
    try:
        values: Any = from_json(file.read(length))
        metadata = values.pop("__metadata__", None)
        table = _read_table(values, _LENGTH.size + length)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise UserError("model_damaged", file=name) from error
    wanted = _LENGTH.size + length + table.end
    check_length(name, size, wanted)
    if size > wanted:
        raise UserError("model_damaged", file=name)
    usual = max(table.types, key=lambda dtype: table.types[dtype], default="")
    notes, types, offsets = _texts(metadata), table.types_of, table.offsets
    header = Header(table.shapes, table.sizes, notes, usual, types, offsets)
    try:
        return with_states(header, file)
    except ValueError as error:
        raise UserError("model_damaged", file=name) from error


@dataclass
class _Table:
    shapes: dict[str, tuple[int, ...]]
    sizes: dict[str, int]
    types_of: dict[str, str]
    offsets: dict[str, int]
    types: Counter[str]
    """Bytes of each type."""
    end: int = 0


def _read_table(values: Mapping[str, Any], begin: int) -> _Table:
    """The tensors, which lie one after the other without a gap.

    Args:
        begin: where in the file the first one lies.

    By hand, as there are thousands in a file, and thousands of files in a catalog.

    Raises:
        ValueError, TypeError, LookupError: they do not, or it is no table.
    """
    table = _Table({}, {}, {}, {}, Counter())
    shapes, sizes, types, bytes = table.shapes, table.sizes, table.types_of, table.types
    spans: list[tuple[int, int]] = []
    for key, value in values.items():
        dtype, shape, (start, stop) = value["dtype"], tuple(value["shape"]), value["data_offsets"]
        size = stop - start
        number = BYTES.get(dtype)
        if number is not None and size != number * math.prod(shape):
            raise ValueError(key)
        shapes[key] = shape
        sizes[key] = size
        types[key] = dtype
        bytes[dtype] += size
        spans.append((start, stop))
    table.offsets = {key: begin + span[0] for key, span in zip(values, spans, strict=True)}
    for start, stop in sorted(spans):
        if start != table.end or type(stop) is not int:
            raise ValueError(start)
        table.end = stop
    for shape in set(table.shapes.values()):
        if not all(type(side) is int and side >= 0 for side in shape):
            raise ValueError(shape)
    return table


def _texts(metadata: object) -> Mapping[str, str]:
    """What there is of texts; whatever else is written there counts for nothing."""
    found = cast("dict[object, object]", metadata) if isinstance(metadata, dict) else {}
    return {
        key: value
        for key, value in found.items()
        if isinstance(key, str) and isinstance(value, str)
    }
