"""Tensors of small files, of either kind that people share: safetensors, and torch's own."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from webui.core.errors import UserError
from webui.library.weights import SUFFIX, read_header

SAFE = (SUFFIX, ".sft")

_BROKEN = (
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)
"""What torch raises for a damaged file, depending on where."""


def read_some(path: Path, names: Collection[str]) -> dict[str, Tensor]:
    """Some tensors of a `.safetensors` file, copied from it, as it may change.

    Raises:
        UserError: it cannot be read.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name).clone() for name in names}
    except (OSError, SafetensorError) as error:
        raise UserError("model_damaged", file=path.name) from error


def read_pickled(path: Path) -> Mapping[Any, Any]:
    """What a file that torch wrote holds, as long as it is only weights: nothing of it is run.

    Raises:
        UserError: it cannot be read, or holds something else.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what torch finds odd is told below, if it matters
            held = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        reason = error.strerror or str(error)
        raise UserError("model_unreadable", file=path.name, reason=reason) from error
    except _BROKEN as error:
        raise UserError("model_damaged", file=path.name) from error
    return held if isinstance(held, Mapping) else {}


def read_notes(path: Path) -> Mapping[str, str]:
    """The words in the header of a `.safetensors` file; none of another.

    Raises:
        UserError: it cannot be read.
    """
    return read_header(path, path.name).metadata if path.suffix.lower() in SAFE else {}
