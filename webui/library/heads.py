"""The head of a `.safetensors` file, split without reading its table of weights.

The table takes most of the time, and is the same in many files (see `telling.Memory`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

_LENGTH = struct.Struct("<Q")
_LONGEST = 100_000_000
_METADATA = re.compile(r'\s*\{\s*"__metadata__"\s*:\s*')
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Head:
    """What stands before the numbers.

    Attributes:
        metadata: what is written in it beside the table.
        table: hash of the table as it is written.
        length: bytes of all numbers.
    """

    metadata: Mapping[str, str]
    table: bytes
    length: int


def read_head(path: Path) -> Head | None:
    """The head of a file; None if it is not written as usual, for whatever reason.

    Nothing is known yet of whether the table is right: `weights.read_header` tells.
    """
    try:
        with path.open("rb") as file:
            start = file.read(_LENGTH.size)
            length: int = _LENGTH.unpack(start)[0]
            left = os.fstat(file.fileno()).st_size - _LENGTH.size - length
            if left < 0 or length > _LONGEST:
                return None
            return _split(file.read(length).decode(), left)
    except (OSError, ValueError, struct.error, RecursionError):
        return None


def _split(text: str, length: int) -> Head | None:
    begin = _METADATA.match(text)
    if begin is None:
        return None
    read: tuple[object, int] = _DECODER.raw_decode(text, begin.end())
    values, end = read
    if not isinstance(values, dict):
        return None
    given = cast(dict[str, object], values)
    metadata = {name: value for name, value in given.items() if isinstance(value, str)}
    table = text[end:].rstrip()  # spaces fill up the last word
    return Head(metadata, hashlib.blake2b(table.encode(), digest_size=16).digest(), length)
