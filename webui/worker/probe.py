"""What torch finds on this machine, as one line of JSON: `python -m webui.worker.probe`."""

from __future__ import annotations

import json
import warnings
from typing import Any

import torch


def device_facts(device: torch.device) -> dict[str, Any]:
    """Name, memory in bytes, a CUDA card's compute capability, and whether it can compute."""
    facts: dict[str, Any] = {"kind": device.type, "name": device.type, "trouble": trouble(device)}
    if device.type in ("cuda", "xpu"):
        properties = getattr(torch, device.type).get_device_properties(device)
        facts |= {"name": properties.name, "memory": properties.total_memory}
    if device.type == "cuda" and torch.version.cuda:
        facts["capability"] = torch.cuda.get_device_capability(device)
    return facts


def trouble(device: torch.device) -> str:
    """Empty when a small product comes out right: a build may see a card it has no code for."""
    try:
        ones = torch.ones(16, 16, device=device, dtype=torch.float16)
        return "" if float((ones @ ones).sum()) == 16**3 else "it computes wrong numbers"
    except RuntimeError as error:
        return str(error).splitlines()[0]


def torch_facts() -> dict[str, Any]:
    """All that the doctor wants to know of torch."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        count = torch.accelerator.device_count() if torch.accelerator.is_available() else 0
        kind = torch.accelerator.current_accelerator()
        devices = [device_facts(torch.device(kind.type, n)) for n in range(count)] if kind else []
    return {
        "version": torch.__version__,
        "cuda": torch.version.cuda,
        "hip": torch.version.hip,
        "architectures": torch.cuda.get_arch_list(),
        "devices": devices,
        "notes": [str(warning.message).splitlines()[0] for warning in caught],
        "threads": torch.get_num_threads(),
    }


if __name__ == "__main__":
    print(json.dumps(torch_facts()))
