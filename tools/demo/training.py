"""The training loop that all stages share: resumable, and stopped by a signal or a limit."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

REPORT_SECONDS = 30.0
LossFunction = Callable[[float, np.random.Generator], Tensor]
"""From the progress (0 to 1) and the step's own chance to the loss of one batch."""


@dataclass(frozen=True)
class Plan:
    """`steps` in all, over every run; the learning rate falls over their last part `cooldown`."""

    steps: int
    learning_rate: float
    warmup: int = 100
    cooldown: float = 0.25
    average: float = 0.9995
    clip: float = 2.0
    seed: int = 0

    def rate(self, step: int) -> float:
        """The learning rate of a step: up over `warmup`, level, then down to a fiftieth."""
        fall = (1 - step / self.steps) / self.cooldown
        return self.learning_rate * min(1.0, (step + 1) / self.warmup) * min(1.0, max(0.02, fall))


@dataclass(frozen=True)
class Limits:
    """When this run stops, if not at the plan's end, and how often it saves."""

    minutes: float | None = None
    save_minutes: float = 5.0


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def mixed_precision() -> torch.autocast:
    """bfloat16 on a graphics card; a processor is faster without."""
    kind = device().type
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=kind == "cuda")


class Trainer:
    """Networks, their averages (what is exported) and the optimizer, kept in one file.

    The chance of a step comes from the seed and its number alone, so a resumed run goes on
    exactly as an uninterrupted one.
    """

    def __init__(self, networks: nn.ModuleDict, plan: Plan, path: Path) -> None:
        self.networks = networks.to(device())
        self.networks.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.average = AveragedModel(self.networks, multi_avg_fn=_averaging(plan.average))
        self.plan = plan
        self.path = path
        self.step = 0
        trained = [weight for weight in self.networks.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [one for one in trained if one.ndim >= 2], "weight_decay": 0.01},
                {"params": [one for one in trained if one.ndim < 2], "weight_decay": 0.0},
            ],
            betas=(0.9, 0.99),
            fused=True,
        )

    def resume(self) -> None:
        """Go on from the saved file; without one, from the beginning."""
        if not self.path.exists():
            return
        saved = torch.load(self.path, map_location=device(), weights_only=True)
        self.networks.load_state_dict(saved["networks"])
        self.average.load_state_dict(saved["average"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.step = saved["step"]

    def save(self) -> None:
        """Write all to disk so that the file is always whole."""
        state = {
            "networks": self.networks.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }
        half = self.path.with_suffix(".half")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with half.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        half.replace(self.path)

    def run(self, loss_of: LossFunction, limits: Limits) -> None:
        """Train until the plan is done, the time is over, or a signal asks to stop; then save."""
        began = saved = time.monotonic()
        report = _Report(self.step)
        with stop_on_signal() as stop:
            while self.step < self.plan.steps and not stop:
                report.add(self._advance(loss_of))
                now = time.monotonic()
                report.print_when_due(self.step, self.plan)
                if limits.minutes is not None and now - began > limits.minutes * 60:
                    break
                if now - saved >= limits.save_minutes * 60:
                    self.save()
                    saved = now
        self.save()
        print(f"saved at step {self.step} of {self.plan.steps}", flush=True)

    def _advance(self, loss_of: LossFunction) -> Tensor:
        rng = np.random.default_rng((self.plan.seed, self.step))
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate(self.step)
        loss = loss_of(self.step / self.plan.steps, rng)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.networks.parameters(), self.plan.clip)
        self.optimizer.step()
        self.average.update_parameters(self.networks)
        self.step += 1
        return loss.detach()


def averaged_weights(path: Path) -> dict[str, dict[str, Tensor]]:
    """The averages in a saved training: network's name, weight's name, weight."""
    saved = torch.load(path, map_location="cpu", weights_only=True)["average"]
    networks: dict[str, dict[str, Tensor]] = {}
    for key, weight in saved.items():
        if key.startswith("module."):
            _, network, name = key.split(".", 2)
            networks.setdefault(network, {})[name] = weight
    return networks


def _averaging(decay: float) -> Callable[[Any, Any, Any], None]:
    """Exponential averaging that forgets faster in the first steps."""

    @torch.no_grad()
    def average(averages: list[Tensor], weights: list[Tensor], count: Tensor) -> None:
        share = 1 - min(decay, (1 + int(count)) / (10 + int(count)))
        for mean, weight in zip(averages, weights, strict=True):
            mean.lerp_(weight, share)

    return average


@contextmanager
def stop_on_signal() -> Iterator[list[int]]:
    """Inside, SIGTERM and SIGINT only fill the list, so that the loop can end and save."""
    received: list[int] = []
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(one, lambda number, _: received.append(number)) for one in signals]
    try:
        yield received
    finally:
        for one, handler in zip(signals, before, strict=True):
            signal.signal(one, handler)


class _Report:
    """Prints the mean loss and the speed now and then."""

    def __init__(self, step: int) -> None:
        self.losses: list[Tensor] = []
        self.start(step)

    def start(self, step: int) -> None:
        self.began, self.first_step = time.monotonic(), step
        self.losses.clear()

    def add(self, loss: Tensor) -> None:
        self.losses.append(loss)

    def print_when_due(self, step: int, plan: Plan) -> None:
        seconds = time.monotonic() - self.began
        if seconds < REPORT_SECONDS:
            return
        loss = torch.stack(self.losses).mean().item()
        speed = (step - self.first_step) / seconds
        print(
            f"{time.strftime('%d %b %H:%M:%S')} step {step} of {plan.steps}: loss {loss:.4f}, "
            f"rate {plan.rate(step):.1e}, {speed:.2f} steps a second",
            flush=True,
        )
        self.start(step)
