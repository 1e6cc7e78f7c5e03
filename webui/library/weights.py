"""Weights on disk, read from their headers: what is in a `.safetensors` file, and is it whole.

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

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from webui.core.errors import UserError

SUFFIX = ".safetensors"
PARTS: Mapping[str, str] = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "text_encoder_2": "model",
    "transformer": "diffusion_pytorch_model",
    "text_encoder_3": "model",
}
"""Folders with weights that a diffusers folder may have, and how their files are called."""

_LENGTH = struct.Struct("<Q")
_LONGEST_HEADER = 100_000_000
_SIZES: Mapping[str, int] = {
    **dict.fromkeys(("F64", "I64", "U64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 2),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL"), 1),
}
"""Bytes a number; of types that are not here the size is not checked."""


@dataclass(frozen=True)
class Header:
    """What a file holds.

    Attributes:
        shapes: name of each tensor -> its shape.
        sizes: name of each tensor -> its bytes.
        metadata: what else is written in it, e.g. `modelspec.title`.
        dtype: of most of its numbers, as the format calls it (`F16`, `BF16`, …); empty if it has
            none.
    """

    shapes: Mapping[str, tuple[int, ...]]
    sizes: Mapping[str, int]
    metadata: Mapping[str, str]
    dtype: str = ""


_CONFIG: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def read_header(path: Path, shown: str) -> Header:
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


def part_file(folder: Path, part: str) -> Path | None:
    """The weights of a part of a diffusers folder: the plain file, else a variant (`.fp16`)."""
    name = PARTS[part]
    plain = folder / part / f"{name}{SUFFIX}"
    if plain.is_file():
        return plain
    return min((folder / part).glob(f"{name}.*{SUFFIX}"), default=None)


def part_files(folder: Path, part: str) -> tuple[Path, ...]:
    """The same, where they may lie in several files (`…-00001-of-00003`)."""
    whole = part_file(folder, part)
    shard = f"{PARTS[part]}*-[0-9]*-of-[0-9]*{SUFFIX}"
    shards = sorted((folder / part).glob(shard))
    if whole is not None and whole not in shards:
        return (whole,)
    plain = [file for file in shards if file.name.startswith(f"{PARTS[part]}-")]
    return tuple(plain or shards)


def weight_files(path: Path) -> tuple[Path, ...]:
    """The weights of a single file or a diffusers folder; of a folder the UNet's come first."""
    if not path.is_dir():
        return (path,)
    return tuple(file for part in PARTS for file in part_files(path, part))


def read_config(path: Path, shown: str) -> dict[str, Any]:
    """A JSON file that describes a model or a part of one.

    Args:
        shown: how errors name the file.

    Raises:
        UserError: it cannot be read, or is no such file.
    """
    try:
        return _CONFIG.validate_json(path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("model_unreadable", file=shown, reason=reason) from error
    except ValidationError as error:
        raise UserError("model_damaged", file=shown) from error


def _read(file: BinaryIO, size: int, name: str) -> Header:
    start = file.read(_LENGTH.size)
    length = _LENGTH.unpack(start)[0] if len(start) == _LENGTH.size else _LENGTH.size
    if length > _LONGEST_HEADER:
        raise UserError("model_damaged", file=name)
    _check_length(name, size, _LENGTH.size + length)
    try:
        values: Any = from_json(file.read(length))
        metadata = values.pop("__metadata__", None)
        table = _read_table(values)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise UserError("model_damaged", file=name) from error
    wanted = _LENGTH.size + length + table.end
    _check_length(name, size, wanted)
    if size > wanted:
        raise UserError("model_damaged", file=name)
    usual = max(table.types, key=lambda dtype: table.types[dtype], default="")
    return Header(table.shapes, table.sizes, _texts(metadata), usual)


@dataclass
class _Table:
    shapes: dict[str, tuple[int, ...]]
    sizes: dict[str, int]
    types: Counter[str]
    """Bytes of each type."""
    end: int = 0


def _read_table(values: Mapping[str, Any]) -> _Table:
    """The tensors, which lie one after the other without a gap.

    By hand, as there are thousands in a file, and thousands of files in a catalog.

    Raises:
        ValueError, TypeError, LookupError: they do not, or it is no table.
    """
    table = _Table({}, {}, Counter())
    spans: list[tuple[int, int]] = []
    for key, value in values.items():
        dtype, shape, (start, stop) = value["dtype"], tuple(value["shape"]), value["data_offsets"]
        size = stop - start
        number = _SIZES.get(dtype)
        if number is not None and size != number * math.prod(shape):
            raise ValueError(key)
        table.shapes[key] = shape
        table.sizes[key] = size
        table.types[dtype] += size
        spans.append((start, stop))
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


def _check_length(name: str, have: int, want: int) -> None:
    if have < want:
        raise UserError("model_cut_off", file=name, have=have, want=want)
