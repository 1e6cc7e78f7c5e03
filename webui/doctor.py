"""`webui doctor`: what is on this machine, what is wrong with it, and what to do.

torch is asked in a process of its own (webui.worker.probe), so that nothing here imports it and a
broken driver cannot take this one down.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from webui.core.offers import ModelInfo
from webui.core.paths import Paths
from webui.library.catalog import Catalog
from webui.torch_build import cuda_build, graphics, nvidia_cards

Version = tuple[int, ...]
Cards = list[tuple[Version, Version]]  # compute capability and driver of each NVIDIA card
GIGABYTE = 10**9


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, in one sentence."""

    name: str
    state: Literal["ok", "warn", "bad"]
    sentence: str


class Device(BaseModel):
    """A device that torch can use; `trouble` is why it cannot after all."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    name: str
    trouble: str
    memory: int | None = None
    capability: Version | None = None


class TorchFacts(BaseModel):
    """What webui.worker.probe prints."""

    model_config = ConfigDict(extra="forbid")

    version: str
    cuda: str | None
    hip: str | None
    architectures: tuple[str, ...]
    devices: tuple[Device, ...]
    notes: tuple[str, ...]
    threads: int

    @property
    def build(self) -> str:
        if self.cuda:
            return f"CUDA {self.cuda}"
        return f"ROCm {self.hip}" if self.hip else "no CUDA"


PROBE = (sys.executable, "-m", "webui.worker.probe")


def ask_torch(command: Sequence[str] = PROBE) -> TorchFacts | str:
    """What torch finds, or the reason why it cannot say."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", timeout=300
        )
    except subprocess.TimeoutExpired:
        return "it does not answer"
    try:
        return TorchFacts.model_validate_json(done.stdout.splitlines()[-1])
    except (IndexError, ValidationError):
        return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


# -- torch and the graphics card ---------------------------------------------------------------


def has_code_for(card: Version, architectures: tuple[str, ...]) -> bool:
    """Whether a build of torch runs on a card: sm_86 does on 8.6 and 8.9, compute_90 on newer."""
    for kind, major, minor in re.findall(r"(sm|compute)_(\d+)(\d)\b", " ".join(architectures)):
        built = (int(major), int(minor))
        if built <= card and (kind == "compute" or built[0] == card[0]):
            return True
    return False


def other_build(build: str) -> str:
    return f"set EASEL_TORCH_BACKEND={build} once and start launch.py"


def check_torch(facts: TorchFacts, cards: Cards) -> Iterator[Finding]:
    """The build of torch, the driver, and every device it uses."""
    yield Finding("torch", "ok", f"torch {facts.version}, built for {facts.build}.")
    driver = max((driver for _, driver in cards), default=(580, 0))
    if cards and facts.devices:
        yield Finding("driver", "ok", f"NVIDIA driver {driver[0]}.{driver[1]}.")
    for device in facts.devices:
        card = device.capability
        memory = f", {device.memory / GIGABYTE:.1f} GB" if device.memory else ""
        capability = f", compute capability {card[0]}.{card[1]}" if card else ""
        words = f"{device.name} ({device.kind}{memory}{capability})"
        if card and not has_code_for(card, facts.architectures):
            built = ", ".join(facts.architectures)
            advice = other_build(cuda_build(driver, card))
            words += f": this torch has code for {built} and not for this card; {advice}."
            yield Finding("device", "bad", words)
        elif device.trouble:
            yield Finding("device", "bad", f"{words} does not compute: {device.trouble}.")
        else:
            yield Finding("device", "ok", words + ".")


def check_absence(facts: TorchFacts, maker: str, cards: Cards, system: str) -> Finding:
    """Why torch uses no graphics card: there is none, the build is wrong, or the driver is."""
    if maker == "nvidia" and not cards:
        advice = "restart the computer, or install the driver again"
        return Finding("device", "bad", f"The NVIDIA driver does not answer: {advice}.")
    if maker == "nvidia":
        card, driver = max(cards)
        build = cuda_build(driver, card)
        version = f"The NVIDIA driver {driver[0]}.{driver[1]}"
        if build == "cpu":
            return Finding("device", "bad", f"{version} is too old for torch: install a newer one.")
        if facts.cuda:
            advice = f"install driver 580 or newer, or {other_build(build)}"
            return Finding("device", "bad", f"{version} does not serve {facts.build}: {advice}.")
        advice = other_build(build)
        return Finding("device", "bad", f"The NVIDIA card is not used by this torch: {advice}.")
    if maker == "amd" and system == "Linux" and not facts.hip:
        advice = other_build("rocm7.2")
        return Finding("device", "bad", f"The AMD card is not used by this torch: {advice}.")
    threads = f"{facts.threads} threads of the processor"
    return Finding("device", "warn", f"No graphics card, so {threads} draw, which is slow.")


def torch_findings() -> Iterator[Finding]:
    facts = ask_torch()
    if isinstance(facts, str):
        advice = "delete the folder .venv and start launch.py"
        yield Finding("torch", "bad", f"torch cannot be loaded ({facts}): {advice}.")
        return
    maker = graphics()
    cards = nvidia_cards() if maker == "nvidia" else []
    yield from check_torch(facts, cards)
    if not facts.devices:
        yield check_absence(facts, maker, cards, platform.system())
    for note in facts.notes:
        yield Finding("torch", "warn", note)


# -- the rest of the machine -------------------------------------------------------------------


def check_python(version: Version) -> Finding:
    words = "Python " + ".".join(map(str, version))
    if (3, 11) <= version[:2] <= (3, 13):
        return Finding("python", "ok", f"{words} at {sys.executable}.")
    return Finding("python", "bad", f"{words} is not supported: start launch.py with Python 3.12.")


def check_packages() -> Finding:
    """Whether what is installed fits together, by pip's own check."""
    try:
        version = importlib.metadata.version("easel")
    except importlib.metadata.PackageNotFoundError:
        advice = "start it with launch.py"
        return Finding("packages", "warn", f"Easel is not installed in this Python: {advice}.")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        first = (done.stdout or done.stderr).strip().splitlines()[0]
        return Finding("packages", "bad", f"{first}: delete the folder .venv and start launch.py.")
    names = ("gradio", "diffusers", "transformers", "accelerate", "safetensors", "numpy", "pillow")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return Finding("packages", "ok", f"easel {version}, {versions}.")


def check_memory(total: int, free: int) -> Finding:
    words = f"{free / GIGABYTE:.1f} of {total / GIGABYTE:.1f} GB of memory are free"
    if free < 2 * GIGABYTE:
        return Finding("memory", "warn", f"{words}: close other programs before drawing.")
    return Finding("memory", "ok", f"{words}.")


def check_disk(folder: Path, free: int) -> Finding:
    words = f"{free / GIGABYTE:.1f} GB are free on the disk of {folder}"
    if free < GIGABYTE // 2:
        return Finding("disk", "bad", f"{words}: make room for results.")
    if free < 10 * GIGABYTE:
        return Finding("disk", "warn", f"{words}, and a large model needs 7 to 25 GB.")
    return Finding("disk", "ok", f"{words}.")


def nearest(folder: Path) -> Path:
    """The folder, or the one in which it will be made."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def check_folder(name: str, folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=nearest(folder)):
            return Finding(name, "ok", f"{folder} can be written to.")
    except OSError as error:
        advice = f"change its permissions or choose another with --{name}-dir"
        words = f"{folder} cannot be written to ({error.strerror}): {advice}."
        return Finding(name, "warn" if name == "models" else "bad", words)


def check_models(folder: Path, models: Sequence[ModelInfo]) -> Iterator[Finding]:
    """The models that can be used, and for each other one the reason why not."""
    for model in models:
        if model.problem:
            yield Finding("models", "warn", f"{model.id}: {model.problem.message}")
    names = [model.id for model in models if not model.problem]
    if names:
        yield Finding("models", "ok", f"{len(names)} found: {', '.join(names[:5])}.")
    else:
        advice = f"put a .safetensors file into {folder / 'checkpoints'}"
        yield Finding("models", "bad", f"No model was found: {advice}.")


def check_port(port: int) -> Finding:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        advice = f"if it is not by Easel itself, the next free one or --port {port + 1} will do"
        return Finding("port", "warn", f"Port {port} is in use: {advice}.")
    return Finding("port", "ok", f"Port {port} is free.")


def report(paths: Paths, port: int) -> list[Finding]:
    """All findings, in the order in which a person would look."""
    memory = psutil.virtual_memory()
    return [
        check_python(tuple(sys.version_info[:3])),
        *torch_findings(),
        check_packages(),
        check_memory(memory.total, memory.available),
        check_disk(paths.data, shutil.disk_usage(nearest(paths.data)).free),
        check_folder("data", paths.state),
        check_folder("outputs", paths.outputs),
        check_folder("models", paths.models),
        *check_models(paths.models, Catalog.of(paths).models()),
        check_port(port),
    ]


def show(findings: list[Finding], as_json: bool) -> int:
    """Print them; the exit code is 1 if something is bad."""
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        for finding in findings:
            print(f"{finding.state:5} {finding.name:9} {finding.sentence}")
    return int(any(finding.state == "bad" for finding in findings))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = "print the findings as one JSON list"
    parser.add_argument("--json", action="store_true", help=words, default=False)


def run(args: argparse.Namespace) -> int:
    paths = Paths.choose(args.data_dir, args.models_dir, args.outputs_dir)
    return show(report(paths, args.port or 7860), args.json)
