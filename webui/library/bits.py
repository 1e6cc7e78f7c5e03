"""Weights that bitsandbytes put into 4 bits: what their shapes were, and how they are read.

Beside each lies what it is decoded with (`.absmax`, `.quant_map`), and a text of JSON that says how
(https://github.com/bitsandbytes-foundation/bitsandbytes, `QuantState.as_dict`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Annotated, BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from webui.library.header import Header

_MARK = ".quant_state.bitsandbytes__"
_STATE = re.compile(rf"(.+){re.escape(_MARK)}\w+")
_LONGEST = 10_000


class State(BaseModel):
    """How a weight was put into 4 bits.

    Attributes:
        nested_blocksize: so many of the largest numbers share a largest one, where they are in 8
            bits themselves.
        nested_offset: what was taken off them before.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    quant_type: str
    blocksize: int = Field(gt=0)
    shape: tuple[Annotated[int, Field(ge=0)], ...]
    nested_blocksize: int = Field(default=256, gt=0)
    nested_offset: float = 0.0


def with_states(header: Header, file: BinaryIO) -> Header:
    """The header with the shapes and types of what is in 4 bits.

    Raises:
        ValueError, OSError: a state is damaged, or does not fit.
    """
    states = [name for name in header.shapes if _MARK in name]
    if not states:
        return header
    shapes, types = dict(header.shapes), dict(header.types)
    for name in states:
        weight = weight_of(name)
        if weight not in shapes or header.sizes[name] > _LONGEST:
            raise ValueError(name)
        file.seek(header.offsets[name])
        state = State.model_validate_json(file.read(header.sizes[name]))
        _check(header, weight, state)
        shapes[weight], types[weight] = state.shape, _type(state)
    return replace(header, shapes=shapes, types=types, dtype=_usual(header.sizes, types))


def state_name(header: Header, weight: str) -> str | None:
    """The tensor that says how a weight was put into 4 bits."""
    name = f"{weight}{_MARK}nf4"
    return name if name in header.shapes else None


def weight_of(name: str) -> str:
    """The weight that a state is of; empty of other names."""
    found = _STATE.fullmatch(name)
    return found[1] if found else ""


def _check(header: Header, weight: str, state: State) -> None:
    """Whether all is there that it takes to decode a weight.

    Raises:
        ValueError: it is not.
    """
    count = prod(state.shape)
    if header.sizes[weight] * 2 != count or count % state.blocksize:
        raise ValueError(weight)
    nested = header.types.get(f"{weight}.absmax") == "U8"
    needed = ("absmax", "nested_absmax", "nested_quant_map") if nested else ("absmax",)
    for name in needed:
        if f"{weight}.{name}" not in header.shapes:
            raise ValueError(name)


def _type(state: State) -> str:
    if (state.quant_type, state.blocksize) == ("nf4", 64):
        return "NF4"
    return f"{state.quant_type}/{state.blocksize} (bitsandbytes)"


def _usual(sizes: Mapping[str, int], types: Mapping[str, str]) -> str:
    bytes: dict[str, int] = {}
    for name, kind in types.items():
        bytes[kind] = bytes.get(kind, 0) + sizes[name]
    return max(bytes, key=lambda kind: bytes[kind], default="")
