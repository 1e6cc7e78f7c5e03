"""Tiny random networks of spandrel's own architectures, as files."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from spandrel.architectures.Compact import Compact
from spandrel.architectures.DAT import DAT
from spandrel.architectures.ESRGAN import ESRGAN
from spandrel.architectures.HAT import HAT
from spandrel.architectures.SwinIR import SwinIR
from torch import nn


def _esrgan(scale: int) -> nn.Module:
    return ESRGAN(num_filters=8, num_blocks=1, scale=scale)


def _compact(scale: int) -> nn.Module:
    return Compact(num_feat=8, num_conv=2, upscale=scale)


def _swinir(scale: int) -> nn.Module:
    return SwinIR(
        upscale=scale, window_size=8, depths=[2], embed_dim=12, num_heads=[2], mlp_ratio=2,
        upsampler="pixelshuffle",
    )  # fmt: skip


def _dat(scale: int) -> nn.Module:
    return DAT(
        upscale=scale, embed_dim=32, depth=[2], num_heads=[2], split_size=[8, 8], expansion_factor=2
    )


def _hat(scale: int) -> nn.Module:
    return HAT(upscale=scale, window_size=8, depths=[2], embed_dim=32, num_heads=[2], mlp_ratio=2)


NETWORKS: Mapping[str, Callable[[int], nn.Module]] = {
    "ESRGAN": _esrgan, "Compact": _compact, "SwinIR": _swinir, "DAT": _dat, "HAT": _hat,
}  # fmt: skip


def network(kind: str, scale: int = 2, seed: int = 0) -> nn.Module:
    """One with random weights."""
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of old code in networks
        torch.manual_seed(seed)
        return NETWORKS[kind](scale).eval()


def write_network(path: Path, kind: str = "ESRGAN", scale: int = 2, seed: int = 0) -> nn.Module:
    """Write one as `.safetensors`, or as torch does, and return it."""
    made = network(kind, scale, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file({name: value.contiguous() for name, value in made.state_dict().items()}, path)
    else:
        torch.save({"params_ema": made.state_dict()}, path)
    return made
