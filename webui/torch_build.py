"""Which build of PyTorch a machine needs. The launcher asks before anything is installed, so this
imports the standard library only and is written for Python 3.8.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Version = tuple[int, ...]
    Run = Callable[[list[str]], str]  # a command to what it prints, "" when it fails

# Build, oldest driver, cards it has code for, as torch 2.11 to 2.14 are published: CUDA 13 has left
# out Maxwell, Pascal and Volta; cu128, last with 2.11, serves Blackwell with a driver before 580.
# (uv's own choice, "auto", looks at the driver only.)
CUDA_BUILDS = (
    ("cu130", (580,), (7, 5), (99, 0)),
    ("cu126", (528, 33), (5, 0), (9, 0)),
    ("cu128", (570,), (10, 0), (12, 1)),
)


def output_of(command: list[str]) -> str:
    """What a command prints; nothing when it is missing, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def cuda_build(driver: Version, card: Version) -> str:
    """The CUDA build for a driver and a card's compute capability; "cpu" when none runs there."""
    for build, oldest_driver, oldest_card, newest_card in CUDA_BUILDS:
        if driver >= oldest_driver and oldest_card <= card <= newest_card:
            return build
    return "cpu"


def graphics() -> str:
    """Whose driver is installed. Looks at files only, because every start asks it."""
    if shutil.which("nvidia-smi") or os.path.exists("/proc/driver/nvidia/version"):
        return "nvidia"
    return "amd" if os.path.exists("/dev/kfd") or shutil.which("rocminfo") else ""


def nvidia_cards(run: Run = output_of) -> list[tuple[Version, Version]]:
    """For each card the compute capability and the driver's version: ``((8, 9), (580, 65))``."""
    query = ["nvidia-smi", "--query-gpu=compute_cap,driver_version", "--format=csv,noheader"]
    cards = re.findall(r"^(\d+)\.(\d+), (\d+)\.(\d+)", run(query), re.MULTILINE)
    return [((int(a), int(b)), (int(c), int(d))) for a, b, c, d in cards]


def torch_build(platform: str, maker: str, run: Run = output_of) -> str:
    """Which build to install: "default" is the default index's, all others are uv's names.

    The default index has CUDA 13 for Linux, Apple's build for macOS and the CPU's for Windows.
    The best card counts; one that does not answer is taken for a card and a driver of today.
    """
    build = "cpu"
    if maker == "nvidia":
        card, driver = max(nvidia_cards(run), default=((12, 0), (580, 0)))
        build = cuda_build(driver, card)
    if maker == "amd" and platform == "linux":
        return "auto"  # uv finds the card's architecture and the ROCm that has code for it
    index_has = {"linux": "cu130", "win32": "cpu"}
    return "default" if build == index_has.get(platform, build) else build


def gigabytes(build: str, platform: str) -> int:
    """Room for the environment and, while it is made, for what is downloaded."""
    if build == "auto" or build.startswith("rocm"):
        return 16
    return 3 if build == "cpu" or (build == "default" and platform != "linux") else 8
