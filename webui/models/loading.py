"""Weights from disk into networks: checked, counted, and never run as code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from webui.core.errors import UserError
from webui.core.request import Storage
from webui.library.header import Header
from webui.library.weights import read_header
from webui.models.family import LoadProgress
from webui.models.numbers import is_note, opened
from webui.models.stored import replace_layers

Tensors = dict[str, Tensor]

_NOT_WEIGHTS = ("position_ids", "logit_scale")
"""Ends of names that files have beside the weights of the networks used here."""


@dataclass(frozen=True)
class Part:
    """Weights to read.

    Attributes:
        path: the file.
        shown: how errors name it.
        prefix: of the names that belong to the part; it is kept.
        dtype: to turn them into.
        stays: matrices in fewer bits stay as the file has them (`packed.Packed`).
    """

    path: Path
    shown: str
    prefix: str
    dtype: torch.dtype
    stays: bool = False


def read_parts(
    parts: Mapping[str, Part], device: torch.device, progress: LoadProgress
) -> Iterator[tuple[str, Tensors]]:
    """Read one part after the other, so that only one need be held besides the networks.

    Args:
        progress: called after every tensor; may raise to stop.

    Raises:
        UserError: a file is cut off or damaged.
    """
    headers = {one.path: read_header(one.path, one.shown) for one in parts.values()}
    names = {part: _names(which, headers[which.path]) for part, which in parts.items()}
    total = sum(size for sizes in names.values() for size in sizes.values())
    done = 0

    def read(size: int) -> None:
        nonlocal done
        done += size
        progress(done, total)

    for part, which in parts.items():
        yield part, _read(which, headers[which.path], names[part], device, read)


def read_whole(
    parts: Mapping[str, Sequence[Part]], device: torch.device, progress: LoadProgress
) -> Iterator[tuple[str, Tensors]]:
    """Read one part after the other, where a part may lie in several files.

    Args:
        progress: called after every tensor; may raise to stop.

    Raises:
        UserError: as `read_parts` does.
    """
    flat = {(part, at): one for part, files in parts.items() for at, one in enumerate(files)}
    names = {f"{part}/{number}": (part, number) for part, number in flat}
    tensors: Tensors = {}
    for name, read in read_parts({one: flat[at] for one, at in names.items()}, device, progress):
        part, number = names[name]
        tensors |= read
        if number == len(parts[part]) - 1:
            yield part, tensors
            tensors = {}


def fill(network: nn.Module, tensors: Tensors, shown: str, storage: Storage | None = None) -> None:
    """Put weights into a network that has none yet (made under `without_weights`).

    Args:
        storage: how matrices that have more bits are to be kept.

    Raises:
        UserError: weights are missing, of another shape, or there are some too many.
    """
    expected = network.state_dict()
    _check(shown, "model_weights_missing", expected.keys() - tensors.keys())
    _check(shown, "model_weights_unknown", tensors.keys() - expected.keys())
    other = {name for name, tensor in tensors.items() if tensor.shape != expected[name].shape}
    _check(shown, "model_weights_shape", other)
    left = replace_layers(network, tensors, storage)
    network.load_state_dict(left, strict=False, assign=True)
    network.requires_grad_(False).eval()


@contextmanager
def without_weights() -> Iterator[None]:
    """Networks made inside get their shapes only: no memory, no time for random numbers."""
    from accelerate import init_empty_weights

    with init_empty_weights():
        yield


def _names(part: Part, header: Header) -> Mapping[str, int]:
    """Names and bytes of the tensors of a part."""
    return {
        name: size
        for name, size in header.sizes.items()
        if name.startswith(part.prefix)
        and not name.endswith(_NOT_WEIGHTS)
        and not is_note(header, name)
    }


def _read(
    part: Part,
    header: Header,
    names: Mapping[str, int],
    device: torch.device,
    read: Callable[[int], None],
) -> Tensors:
    tensors: Tensors = {}
    with opened(part.path, part.shown, header) as file:
        for name, size in names.items():
            packed = file.packed(name, part.dtype) if part.stays else None
            tensors[name] = file.tensor(name).to(device, part.dtype) if packed is None else packed
            read(size)
    return tensors


def _check(shown: str, code: str, names: set[str]) -> None:
    if names:
        raise UserError(code, file=shown, count=len(names), name=min(names))
