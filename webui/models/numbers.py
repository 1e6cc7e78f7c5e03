"""Tensors of a file that is open, by name, whatever its format.

The head says where each lies (`library.header`), so that there is one way to read all of them:
into memory of our own, since the file's would change with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import torch
from torch import Tensor

from webui.core.errors import UserError
from webui.library.bits import State, state_name
from webui.library.header import BLOCKS, OWN_BLOCKS, Header, check_types
from webui.models.packed import Packed
from webui.models.quants import decoded

FP8 = ("F8_E4M3", "F8_E5M2", "I8")
"""Types of 8 bits that may have a factor."""
_WEIGHT = ".weight"
_SCALES: Mapping[str, float] = {".scale_weight": 1, ".weight_scale": 1, ".SCB": 1 / 127}
"""Ends of names of what the numbers of a weight in 8 bits are multiplied by, as ComfyUI and
bitsandbytes write them: one number, or one for each output; and what they count themselves."""
_INPUTS = (".scale_input", ".input_scale", ".comfy_quant", ".weight_format")
"""Ends of names of what only concerns computing in 8 bits."""
_OF_4_BITS = re.compile(r"(.+)\.(absmax|quant_map|nested_absmax|nested_quant_map|quant_state\..+)")
"""What lies beside a weight in 4 bits, see `library.bits`."""
_MARK = "scaled_fp8"


class Numbers:
    """What is read of one file."""

    def __init__(self, file: BufferedReader, header: Header, shown: str) -> None:
        """Read nothing yet."""
        self._file = file
        self._header = header
        self._shown = shown

    def stored(self, name: str) -> Tensor:
        """(bytes,) uint8: a tensor as it lies in the file.

        Raises:
            UserError: the file has become shorter, or can no longer be read.
        """
        size = self._header.sizes[name]
        data = torch.empty(size, dtype=torch.uint8)
        with _readable(self._shown):
            self._file.seek(self._header.offsets[name])
            have = self._file.readinto(data.numpy().data)
        if have != size:
            end = self._header.offsets[name] + size
            raise UserError("model_cut_off", file=self._shown, have=end - size + have, want=end)
        return data

    def tensor(self, name: str) -> Tensor:
        """Its numbers, those in blocks or with a scale in float32, others in their own type.

        Raises:
            UserError: as `stored` does.
        """
        header = self._header
        numbers = decoded(self._bytes(name), header.types[name])
        shape, strides = header.shapes[name], header.strides.get(name)
        whole = numbers.reshape(shape) if strides is None else numbers.as_strided(shape, strides)
        scale = self.scale(name)
        return (
            whole if scale is None else whole.float() * scale.reshape(-1, *[1] * (len(shape) - 1))
        )

    def _bytes(self, name: str) -> Tensor:
        """As `stored`, in whole blocks."""
        if self._header.types[name] not in OWN_BLOCKS:
            return self.stored(name)
        numbers, size = OWN_BLOCKS[self._header.types[name]]
        halves = self.stored(name).reshape(-1, numbers // 2)
        largest = self._largest(name)
        if largest.shape != halves.shape[:1]:
            raise UserError("model_damaged", file=self._shown)
        blocks = torch.cat([largest[:, None].contiguous().view(torch.uint8), halves], dim=1)
        assert blocks.shape[1] == size
        return blocks.flatten()

    def _largest(self, name: str) -> Tensor:
        """(blocks,) float32 the largest number of each block of a weight in 4 bits."""
        found = self.tensor(f"{name}.absmax").flatten()
        if found.dtype != torch.uint8:
            return found.float()
        told = self.stored(state_name(self._header, name) or name).numpy().tobytes()
        state = State.model_validate_json(told)
        shared = self.tensor(f"{name}.nested_absmax").float()
        shares = self.tensor(f"{name}.nested_quant_map").float()[found.int()]
        each = shared.repeat_interleave(state.nested_blocksize)[: len(found)]
        return shares * each + state.nested_offset

    def packed(self, name: str, dtype: torch.dtype) -> Packed | None:
        """A matrix in fewer bits as it is; None for any other tensor.

        Args:
            dtype: that its numbers are to be used in.

        Raises:
            UserError: as `stored` does.
        """
        kind, shape = self._header.types[name], self._header.shapes[name]
        scale = self.scale(name)
        few = kind in (*BLOCKS, *OWN_BLOCKS, *FP8) and (kind != "I8" or scale is not None)
        if not few or len(shape) != 2 or name in self._header.strides:
            return None
        if kind in OWN_BLOCKS and shape[1] % OWN_BLOCKS[kind][0]:
            return None  # a block reaches into the next row
        rows = self._bytes(name).reshape(shape[0], -1)
        return Packed(rows, kind, shape[1], dtype, scale)

    def scale(self, name: str) -> Tensor | None:
        """(1,) or (outputs,) float32: what a weight's numbers are multiplied by, if it has that.

        Raises:
            UserError: as `stored` does; it fits no weight.
        """
        if self._header.types[name] not in FP8:
            return None
        other = next((one for one in scales_of(name) if one in self._header.shapes), None)
        if other is None:
            return None
        share = next(share for end, share in _SCALES.items() if other.endswith(end))
        found = self.tensor(other).float().flatten() * share
        if len(found) not in (1, *self._header.shapes[name][:1]):
            raise UserError("model_damaged", file=self._shown)
        return found


@contextmanager
def opened(path: Path, shown: str, header: Header) -> Iterator[Numbers]:
    """The file, for as long as it is read.

    Args:
        shown: how errors name it.
        header: as `weights.read_header` read it.

    Raises:
        UserError: it cannot be read, or holds numbers of types that are not known.
    """
    check_types(header, shown)
    with _readable(shown):
        file = path.open("rb")
    with file:
        yield Numbers(file, header, shown)


@contextmanager
def _readable(shown: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("model_unreadable", file=shown, reason=reason) from error


def scales_of(name: str) -> tuple[str, ...]:
    """How the scale of a weight may be called."""
    base = name.removesuffix(_WEIGHT)
    return tuple(base + end for end in _SCALES) if base != name else ()


def is_note(header: Header, name: str) -> bool:
    """Whether a tensor only says how to read the numbers of another one."""
    if name.rpartition(".")[2] == _MARK:
        return True
    beside = _OF_4_BITS.fullmatch(name)
    if beside and header.types.get(beside[1]) in OWN_BLOCKS:
        return True
    end = next((end for end in (*_SCALES, *_INPUTS) if name.endswith(end)), None)
    return end is not None and header.types.get(name.removesuffix(end) + _WEIGHT) in FP8
