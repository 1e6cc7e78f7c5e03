"""Names of the weights of T2I-Adapters: their makers' to those of diffusers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_PER_LEVEL = 2
"""Blocks of a full adapter on each level, in the makers' files in one row."""


def adapter_names(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The same weights under diffusers' names, whoever wrote the file."""
    if any(name.startswith("adapter.") for name in tensors):
        return tensors
    light = "conv_in.weight" not in tensors
    rename = _light if light else _full
    return {f"adapter.{rename(name)}": tensor for name, tensor in tensors.items()}


def _light(name: str) -> str:
    """`body.0.body.1.block1.weight` is `body.0.resnets.1.block1.weight`."""
    return re.sub(r"^body\.(\d+)\.body\.", r"body.\1.resnets.", name)


def _full(name: str) -> str:
    """`body.3.block1.weight` is the second block of the second level."""
    match = re.match(r"^body\.(\d+)\.(.+)$", name)
    if match is None:
        return name
    level, place = divmod(int(match[1]), _PER_LEVEL)
    rest = match[2]
    return (
        f"body.{level}.{rest}"
        if rest.startswith("in_conv")
        else (f"body.{level}.resnets.{place}.{rest}")
    )
