"""Where a model runs, and in which precision."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping

import psutil
import torch

from webui.core.errors import UserError

OVERRIDE = "EASEL_DEVICE"
"""Environment variable that names the device, e.g. `cpu` or `cuda:1`."""

_WRONG_IN_HALF = ("GTX 16",)
"""Cards whose float16 convolutions give NaN."""


def best_device(environment: Mapping[str, str] = os.environ) -> torch.device:
    """The device of this process.

    Raises:
        UserError: the environment names one that is not there.
    """
    found = torch.accelerator.current_accelerator(check_available=True)
    count = torch.accelerator.device_count() if found else 0
    return choose_device(environment.get(OVERRIDE), found.type if found else None, count)


def choose_device(wanted: str | None, kind: str | None, count: int) -> torch.device:
    """The device that is wanted, else the first accelerator (cuda, mps, xpu …), else the CPU.

    Args:
        wanted: `cpu`, `cuda`, `cuda:1`, …
        kind: of the accelerator that torch finds, if any.
        count: how many there are.
    """
    there = {"cpu": torch.device("cpu")}
    if kind is not None:
        there |= {f"{kind}:{number}": torch.device(kind, number) for number in range(count)}
        there[kind] = torch.device(kind)
    device = there.get((wanted or kind or "cpu").strip().lower())
    if device is None:
        raise UserError("no_device", name=str(wanted), devices=", ".join(sorted(there)))
    return device


def device_name(device: torch.device) -> str:
    """What the maker calls it, empty where torch cannot tell."""
    if device.type in ("cuda", "xpu"):
        return getattr(torch, device.type).get_device_name(device)
    return ""


def network_dtype(device: torch.device, name: str) -> torch.dtype:
    """Precision of the network and the text encoder: half where it is fast and right."""
    wrong = any(mark in name for mark in _WRONG_IN_HALF)
    return torch.float32 if device.type == "cpu" or wrong else torch.float16


def autoencoder_dtype(device: torch.device, name: str) -> torch.dtype:
    """Precision of the autoencoder, whose numbers are larger: Apple's float16 does not do."""
    return torch.float32 if device.type == "mps" else network_dtype(device, name)


def flow_dtype(device: torch.device) -> torch.dtype:
    """Precision of flow transformers and their autoencoders, whose numbers float16 may not hold."""
    if device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if _brain_floats(device) else torch.float16


def t5_dtype(device: torch.device) -> torch.dtype:
    """Precision of T5, whose numbers float16 does not hold."""
    wide = device.type == "cpu" or not _brain_floats(device)
    return torch.float32 if wide else torch.bfloat16


def _brain_floats(device: torch.device) -> bool:
    """Whether the device computes in bfloat16 itself."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return True


def return_memory(device: torch.device) -> None:
    """Give what is no longer used back to the system."""
    gc.collect()
    if device.type != "cpu":
        getattr(torch, device.type).empty_cache()


def free_memory(device: torch.device) -> int:
    """Bytes that can still be had: of the card with what torch holds in reserve, or of the machine.

    Of devices whose own memory torch cannot tell, the machine's, which most of them share.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return free + held
    return psutil.virtual_memory().available


def whole_memory(device: torch.device) -> int:
    """Bytes there are in all: of the card, or of the machine, as in `free_memory`."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[1]
    return psutil.virtual_memory().total


def out_of_memory(error: BaseException) -> bool:
    """Whether this is what a device, or the machine, raises when its memory is full, also where
    an extension was told of it first."""
    if error.__cause__ is not None and out_of_memory(error.__cause__):
        return True
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    signs = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in signs)
