"""What the head of a file of weights tells, whatever the format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from webui.core.errors import UserError

Shape = tuple[int, ...]


def _texts() -> dict[str, str]:
    return {}


def _numbers() -> dict[str, int]:
    return {}


def _shapes() -> dict[str, Shape]:
    return {}


@dataclass(frozen=True)
class Header:
    """What a file holds.

    Attributes:
        shapes: name of each tensor -> its shape.
        sizes: name of each tensor -> its bytes.
        metadata: what else is written in it, e.g. `modelspec.title`.
        dtype: of most of its numbers, as the format calls it (`F16`, `BF16`, `Q4_K`, …); empty if
            it has none.
        types: name of each tensor -> how its numbers are written.
        offsets: name of each tensor -> where in the file its bytes begin.
        strides: of tensors whose numbers do not lie row after row: how many numbers further the
            next one of each axis lies.
    """

    shapes: Mapping[str, Shape]
    sizes: Mapping[str, int]
    metadata: Mapping[str, str]
    dtype: str = ""
    types: Mapping[str, str] = field(default_factory=_texts)
    offsets: Mapping[str, int] = field(default_factory=_numbers)
    strides: Mapping[str, Shape] = field(default_factory=_shapes)


BYTES: Mapping[str, int] = {
    **dict.fromkeys(("F64", "I64", "U64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 2),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL"), 1),
}
"""Bytes a number, of types whose numbers stand for themselves."""
BLOCKS: Mapping[str, tuple[int, int]] = {
    "Q4_0": (32, 18),
    "Q4_1": (32, 20),
    "Q5_0": (32, 22),
    "Q5_1": (32, 24),
    "Q8_0": (32, 34),
    "Q2_K": (256, 84),
    "Q3_K": (256, 110),
    "Q4_K": (256, 144),
    "Q5_K": (256, 176),
    "Q6_K": (256, 210),
    "IQ4_NL": (32, 18),
    "IQ4_XS": (256, 136),
}
"""Types whose numbers lie in blocks -> numbers and bytes of a block."""

OWN_BLOCKS: Mapping[str, tuple[int, int]] = {"NF4": (64, 36)}
"""Types of no format's: in memory the largest number of a block (float32) comes first, then half a
byte for each; files of bitsandbytes have the largest ones apart."""

_MICRO = "NVFP4/MXFP8"
"""Types of few bits with a factor for each 16 or 32 numbers, which lies in a tensor of its own."""


def check_types(header: Header, shown: str) -> None:
    """Whether all of its numbers can be read.

    Raises:
        UserError: some are of a type that nobody here knows.
    """
    unknown = {*header.types.values()} - BYTES.keys() - BLOCKS.keys() - OWN_BLOCKS.keys()
    found = (kind for name, kind in header.types.items() if _is_micro(name, kind))
    if unknown or next(found, None):
        kind = min(unknown, default=_MICRO)
        raise UserError("model_numbers", file=shown, kind=kind)


def _is_micro(name: str, kind: str) -> bool:
    """Whether it is one of the factors that blocks of such a type have beside them."""
    return name.endswith(".weight_scale_2") or (kind == "U8" and name.endswith(".weight_scale"))


def check_length(shown: str, have: int, want: int) -> None:
    """Whether a file is as long as it says.

    Raises:
        UserError: it is not.
    """
    if have < want:
        raise UserError("model_cut_off", file=shown, have=have, want=want)
