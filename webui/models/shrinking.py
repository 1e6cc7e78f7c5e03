"""Matrices put into fewer bits, for those who want a model to take less memory than its file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from webui.core.request import Storage
from webui.library.header import BLOCKS, OWN_BLOCKS
from webui.models.packed import Packed
from webui.models.quants import NORMAL

_SMALLEST = 1e-12
_MANY = re.compile(r"\.\d+\.")
"""In names of layers of blocks: what is there once (what comes in, what goes out, times) takes up
little, and what it loses is seen."""


def shrunk(name: str, weight: Tensor, storage: Storage | None) -> Packed | None:
    """A layer's weight in fewer bits; None where it is to stay, or does not go into blocks.

    Args:
        name: of the layer.
        weight: (outputs, inputs).
    """
    if storage in (None, "native") or not _MANY.search(name) or not weight.is_floating_point():
        return None
    if storage == "fp8":
        return _in_8_bits(weight)
    kind = "Q8_0" if storage == "8bit" else "NF4"
    numbers, size = BLOCKS.get(kind) or OWN_BLOCKS[kind]
    if weight.shape[1] % numbers:
        return None
    blocks = _MAKERS[kind](weight.float().reshape(-1, numbers))
    rows = blocks.reshape(len(weight), weight.shape[1] // numbers * size)
    return Packed(rows, kind, weight.shape[1], weight.dtype)


def _in_8_bits(weight: Tensor) -> Packed:
    """With a factor for each output, so that its largest number is the largest there is."""
    most = torch.finfo(torch.float8_e4m3fn).max
    factor = weight.float().abs().amax(dim=1).clamp(min=_SMALLEST) / most
    rows = (weight.float() / factor[:, None]).clamp(-most, most).to(torch.float8_e4m3fn)
    return Packed(rows.view(torch.uint8), "F8_E4M3", weight.shape[1], weight.dtype, factor)


def _q8_0(blocks: Tensor) -> Tensor:
    """(n, 32) to (n, 34), as ggml's `quantize_row_q8_0_ref` does it."""
    scale = blocks.abs().amax(dim=1, keepdim=True) / 127
    inverse = torch.where(scale == 0, 0.0, 1 / scale)
    numbers = (blocks * inverse).round().clamp(-127, 127).to(torch.int8)
    return torch.cat([scale.half().view(torch.uint8), numbers.view(torch.uint8)], dim=1)


def _nf4(blocks: Tensor) -> Tensor:
    """(n, 64) to (n, 36): the nearest of the normal numbers."""
    largest = blocks.abs().amax(dim=1, keepdim=True).clamp(min=_SMALLEST)
    table = torch.tensor(NORMAL, device=blocks.device)
    between = (table[1:] + table[:-1]) / 2
    places = torch.bucketize((blocks / largest).contiguous(), between).to(torch.uint8)
    halves = places[:, ::2] << 4 | places[:, 1::2]
    return torch.cat([largest.view(torch.uint8), halves], dim=1)


_MAKERS: Mapping[str, Callable[[Tensor], Tensor]] = {"Q8_0": _q8_0, "NF4": _nf4}
