"""Checkpoints as tables of weights whose numbers are read one tensor at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from webui.core.errors import UserError
from webui.library.gguf import GGUF
from webui.library.header import BLOCKS, OWN_BLOCKS, Header, check_types
from webui.library.pickles import PICKLES, pickle_header
from webui.library.weights import PARTS, part_files, read_header
from webui.models.merging.writing import TYPES
from webui.models.numbers import is_note, opened, scales_of
from webui.models.quants import PLAIN

_OLD_TEXT = "cond_stage_model.transformer."
_OLD_PARTS = ("embeddings.", "encoder.", "final_layer_norm.")
"""How early checkpoints went on, where later ones say `text_model.` first, and A1111 adds it."""
_QUANTISED = (
    ".scale_weight",
    ".weight_scale",
    "scaled_fp8",
    ".absmax",
    ".quant_map",
    ".quant_state",
)
"""In names beside numbers that mean something only together with them."""
_DECODED = torch.float16
"""What numbers of fewer bits are written in where nobody asks for another type: finer than they."""


@dataclass(frozen=True)
class Weight:
    """A tensor that is there.

    Attributes:
        read: its numbers, from the file, so that only what is used is read.
        parts: the files that it is from, see `writing.Planned`.
    """

    shape: tuple[int, ...]
    dtype: torch.dtype
    read: Callable[[], Tensor]
    parts: tuple[tuple[str, Callable[[], Tensor]], ...]


@dataclass(frozen=True)
class Source:
    """A model to take weights from.

    Attributes:
        weights: by their names in a single file, or `part/name` of a folder's.
        metadata: what else is written in it.
        folder: whether it is one of diffusers.
    """

    path: Path
    weights: Mapping[str, Weight]
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: bool = False


def open_source(path: Path) -> Source:
    """A single file (`.safetensors`, `.gguf`, or one that torch wrote, if it holds only weights) or
    a folder of diffusers. Numbers in blocks, or with factors beside them, are decoded.

    Raises:
        UserError: it cannot be read, is damaged, cut off, of another kind, or a folder of
            quantised parts.
    """
    source = _opened(path)
    if any(mark in name for name in source.weights for mark in _QUANTISED):
        raise UserError("merge_type", file=path.name, kind="fp8/nf4 + scale")
    return source


def _opened(path: Path) -> Source:
    if path.is_dir():
        weights = dict(_in_folder(path))
        if not weights:
            raise UserError("model_part_missing", file=path.name, part="unet")
        return Source(path, weights, folder=True)
    if _pickled(path):
        header = pickle_header(path, path.name)
        return Source(path, _new_names(dict(_by_header(path, path.name, header))))
    header = read_header(path, path.name)
    if path.suffix.lower() == GGUF:
        return Source(path, _new_names(dict(_by_header(path, path.name, header))))
    few = any(mark in name for name in header.shapes for mark in _QUANTISED)
    found = _by_header(path, path.name, header) if few else _in_file(path, path.name)
    return Source(path, _new_names(dict(found)), header.metadata)


def _in_folder(folder: Path) -> Iterator[tuple[str, Weight]]:
    for part in PARTS:
        for file in part_files(folder, part):
            shown = f"{folder.name}/{part}/{file.name}"
            header = read_header(file, shown)
            found = _by_header(file, shown, header) if _pickled(file) else _in_file(file, shown)
            for name, weight in found:
                yield f"{part}/{name}", weight


def _in_file(path: Path, shown: str) -> Iterator[tuple[str, Weight]]:
    try:
        file: Any = safe_open(path, framework="pt")
        for name in file.keys():
            found = file.get_slice(name)
            kind = found.get_dtype()
            if kind not in TYPES:
                raise UserError("merge_type", file=shown, kind=str(kind))
            read = _reader(file, name, shown)
            yield name, Weight(tuple(found.get_shape()), TYPES[kind], read, ((shown, read),))
    except (OSError, SafetensorError) as error:
        raise UserError("model_damaged", file=shown) from error


def _reader(file: Any, name: str, shown: str) -> Callable[[], Tensor]:
    def read() -> Tensor:
        try:
            return file.get_tensor(name)
        except (OSError, SafetensorError) as error:
            raise UserError("model_damaged", file=shown) from error

    return read


def _pickled(path: Path) -> bool:
    return path.suffix.lower() in PICKLES


def _by_header(path: Path, shown: str, header: Header) -> Iterator[tuple[str, Weight]]:
    """The weights, whatever their numbers lie in; what only says how to read others is left out."""
    check_types(header, shown)
    for name, shape in header.shapes.items():
        if is_note(header, name):
            continue
        kind = header.types[name]
        few = kind in BLOCKS or kind in OWN_BLOCKS
        few = few or any(one in header.shapes for one in scales_of(name))
        dtype = _DECODED if few else PLAIN[kind]
        if dtype in TYPES.values():
            read = partial(_number, path, shown, header, name)
            yield name, Weight(shape, dtype, read, ((shown, read),))


def _number(path: Path, shown: str, header: Header, name: str) -> Tensor:
    with opened(path, shown, header) as file:
        return file.tensor(name)


def _new_names(weights: Mapping[str, Weight]) -> Mapping[str, Weight]:
    return {_new_name(name): weight for name, weight in weights.items()}


def _new_name(name: str) -> str:
    inside = name.removeprefix(_OLD_TEXT)
    old = inside != name and inside.startswith(_OLD_PARTS)
    return f"{_OLD_TEXT}text_model.{inside}" if old else name
