"""Numbers that files keep in fewer bits, made of float32 again.

Blocks of GGUF as ggml defines them
(https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h): a few numbers share a scale `d`,
some a least value `m` as well; in those of 256 (`_K`), groups of 16 or 32 have a scale of their own
in few bits, of which `d` is the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from webui.library.header import BLOCKS, OWN_BLOCKS

PLAIN: Mapping[str, torch.dtype] = {
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
    "U64": torch.uint64,
    "U32": torch.uint32,
    "U16": torch.uint16,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
"""Types whose numbers stand for themselves."""

NORMAL = (
    *(-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453),
    *(-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0),
    *(0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224),
    *(0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0),
)
"""Numbers that lie as densely as those of a normal distribution: Dettmers et al., "QLoRA: efficient
finetuning of quantized LLMs", 2023, appendix E."""

_EIGHTS = ("F8_E4M3", "F8_E5M2")
_GROUPS = 8
_UNLIKE = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
"""What the sixteen halves of a byte stand for in blocks of IQ4 (ggml's `kvalues_iq4nl`)."""


def decoded(data: Tensor, kind: str) -> Tensor:
    """The numbers of some bytes.

    Args:
        data: (..., bytes) uint8, each row whole blocks.
        kind: a key of `PLAIN`, of `header.BLOCKS` or of `OWN_BLOCKS`.

    Returns:
        (..., numbers), in float32 where they lay in blocks, else in their own type.
    """
    if kind in _EIGHTS and data.device.type == "mps":
        return looked_up(data, kind)
    if kind in PLAIN:
        return data.contiguous().view(PLAIN[kind])
    _, size = BLOCKS.get(kind) or OWN_BLOCKS[kind]
    numbers = _DECODERS[kind](data.reshape(-1, size))
    return numbers.reshape(*data.shape[:-1], -1)


def looked_up(data: Tensor, kind: str) -> Tensor:
    """Floats of 8 bits as float32, for devices that do not know the type."""
    every = torch.arange(256, dtype=torch.uint8).view(PLAIN[kind]).float().to(data.device)
    return every.index_select(0, data.flatten().int()).view(data.shape)


def _halves(blocks: Tensor, begin: int) -> Tensor:
    """(n, 1) the float16 that begins at a byte."""
    return blocks[:, begin : begin + 2].contiguous().view(torch.float16).float()


def _apart(data: Tensor, bits: int) -> Tensor:
    """(n, b) bytes to (n, 8 / bits, b): so many bits each, the lowest first."""
    shifts = torch.arange(0, 8, bits, dtype=torch.uint8, device=data.device)
    return data[:, None] >> shifts[:, None] & (1 << bits) - 1


def _nibbles(data: Tensor) -> Tensor:
    """(n, b) bytes to (n, 2, b): their low halves, then their high ones."""
    return _apart(data, 4)


def _q4_0(blocks: Tensor) -> Tensor:
    numbers = _nibbles(blocks[:, 2:]).flatten(1).float()
    return numbers.sub_(8).mul_(_halves(blocks, 0))


def _q4_1(blocks: Tensor) -> Tensor:
    numbers = _nibbles(blocks[:, 4:]).flatten(1).float()
    return numbers.mul_(_halves(blocks, 0)).add_(_halves(blocks, 2))


def _fives(low: Tensor, high: Tensor) -> Tensor:
    """(n, 32) of 16 bytes with four bits of each, and four bytes with the fifth."""
    return _nibbles(low).flatten(1) | _apart(high, 1).transpose(1, 2).flatten(1) << 4


def _q5_0(blocks: Tensor) -> Tensor:
    numbers = _fives(blocks[:, 6:], blocks[:, 2:6]).float()
    return numbers.sub_(16).mul_(_halves(blocks, 0))


def _q5_1(blocks: Tensor) -> Tensor:
    numbers = _fives(blocks[:, 8:], blocks[:, 4:8]).float()
    return numbers.mul_(_halves(blocks, 0)).add_(_halves(blocks, 2))


def _q8_0(blocks: Tensor) -> Tensor:
    return blocks[:, 2:].view(torch.int8).float().mul_(_halves(blocks, 0))


def _q2_k(blocks: Tensor) -> Tensor:
    scales, numbers = blocks[:, :16], blocks[:, 16:80]
    numbers = _apart(numbers.reshape(-1, 32), 2).reshape(-1, 16, 16).float()
    unit, least = _halves(blocks, 80), _halves(blocks, 82)
    scale, offset = unit * (scales & 15), least * (scales >> 4)
    return numbers.mul_(scale[..., None]).sub_(offset[..., None]).flatten(1)


def _q3_k(blocks: Tensor) -> Tensor:
    low = _apart(blocks[:, 32:96].reshape(-1, 32), 2).reshape(-1, 16, 16)
    high = _apart(blocks[:, :32], 1).reshape(-1, 16, 16)
    numbers = (low | high << 2).float().sub_(4)
    packed = blocks[:, 96:108]
    fours = _nibbles(packed[:, :8]).flatten(1)
    twos = _apart(packed[:, 8:], 2).flatten(1)
    scales = (fours | twos << 4).float() - 32
    return numbers.mul_((_halves(blocks, 108) * scales)[..., None]).flatten(1)


def _sixes(packed: Tensor) -> tuple[Tensor, Tensor]:
    """(n, 12) bytes to scales and least values (n, 8), of six bits each."""
    first, second, rest = packed.split(4, dim=1)
    scales = torch.cat([first & 63, rest & 15 | first >> 6 << 4], dim=1)
    least = torch.cat([second & 63, rest >> 4 | second >> 6 << 4], dim=1)
    return scales.float(), least.float()


def _grouped(blocks: Tensor, numbers: Tensor) -> Tensor:
    """Of Q4_K and Q5_K: (n, 256) of numbers (n, 8, 32)."""
    scales, least = _sixes(blocks[:, 4:16])
    scale, offset = _halves(blocks, 0) * scales, _halves(blocks, 2) * least
    return numbers.float().mul_(scale[..., None]).sub_(offset[..., None]).flatten(1)


def _q4_k(blocks: Tensor) -> Tensor:
    return _grouped(blocks, _nibbles(blocks[:, 16:].reshape(-1, 32)).reshape(-1, _GROUPS, 32))


def _q5_k(blocks: Tensor) -> Tensor:
    low = _nibbles(blocks[:, 48:].reshape(-1, 32)).reshape(-1, _GROUPS, 32)
    return _grouped(blocks, low | _apart(blocks[:, 16:48], 1) << 4)


def _q6_k(blocks: Tensor) -> Tensor:
    low = _nibbles(blocks[:, :128].reshape(-1, 64)).reshape(-1, _GROUPS, 32)
    high = _apart(blocks[:, 128:192].reshape(-1, 32), 2).reshape(-1, _GROUPS, 32)
    numbers = (low | high << 4).float().sub_(32)
    scales = blocks[:, 192:208].view(torch.int8).float()
    scale = _halves(blocks, 208) * scales
    return numbers.reshape(-1, 16, 16).mul_(scale[..., None]).flatten(1)


def _unlike(data: Tensor) -> Tensor:
    """(n, b) bytes to (n, 2, b) of the numbers that their halves stand for."""
    table = torch.tensor(_UNLIKE, dtype=torch.float32, device=data.device)
    return table[_nibbles(data).int()]


def _iq4_nl(blocks: Tensor) -> Tensor:
    return _unlike(blocks[:, 2:]).flatten(1).mul_(_halves(blocks, 0))


def _iq4_xs(blocks: Tensor) -> Tensor:
    """Its scales have four bits in one place and two in another."""
    low = _nibbles(blocks[:, 4:8]).transpose(1, 2).flatten(1)
    high = _apart(blocks[:, 2:4], 2).transpose(1, 2).flatten(1)
    scale = _halves(blocks, 0) * ((low | high << 4).float() - 32)
    numbers = _unlike(blocks[:, 8:].reshape(-1, 16)).reshape(-1, _GROUPS, 32)
    return numbers.mul_(scale[..., None]).flatten(1)


def _nf4(blocks: Tensor) -> Tensor:
    """Shares of the largest number; the first of a byte is in its high half."""
    table = torch.tensor(NORMAL, device=blocks.device)
    places = torch.stack([blocks[:, 4:] >> 4, blocks[:, 4:] & 15], dim=2).flatten(1)
    largest = blocks[:, :4].contiguous().view(torch.float32)
    return table[places.int()].mul_(largest)


_DECODERS: Mapping[str, Callable[[Tensor], Any]] = {
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q5_0": _q5_0,
    "Q5_1": _q5_1,
    "Q8_0": _q8_0,
    "Q2_K": _q2_k,
    "Q3_K": _q3_k,
    "Q4_K": _q4_k,
    "Q5_K": _q5_k,
    "Q6_K": _q6_k,
    "IQ4_NL": _iq4_nl,
    "IQ4_XS": _iq4_xs,
    "NF4": _nf4,
}
