"""The training loop: resumable to the bit, stopped by signals and limits."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tools.demo.training import Limits, LossFunction, Plan, Trainer, averaged_weights

PLAN = Plan(steps=20, learning_rate=0.05, warmup=4)


def trainer(path: Path, plan: Plan = PLAN) -> Trainer:
    torch.manual_seed(0)
    return Trainer(nn.ModuleDict({"line": nn.Linear(3, 1)}), plan, path)


def loss_of(one: Trainer) -> LossFunction:
    """Learn the sum of three numbers."""

    def loss(progress: float, rng: np.random.Generator) -> Tensor:
        x = torch.from_numpy(rng.standard_normal((8, 3), dtype=np.float32))
        x = x.to(next(one.networks.parameters()).device)
        return (one.networks["line"](x) - x.sum(1, keepdim=True)).square().mean()

    return loss


def run(path: Path, *, minutes: float | None = None, plan: Plan = PLAN) -> dict[str, Tensor]:
    one = trainer(path, plan)
    one.resume()
    one.run(loss_of(one), Limits(minutes))
    return averaged_weights(path)["line"]


def test_it_learns(tmp_path: Path) -> None:
    plan = Plan(steps=300, learning_rate=0.05, average=0.9)
    weights = run(tmp_path / "a.pt", plan=plan)
    assert weights["weight"].flatten().tolist() == pytest.approx([1, 1, 1], abs=0.02)


def test_a_resumed_run_ends_as_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole.pt")
    for _ in range(PLAN.steps - 1):
        run(tmp_path / "pieces.pt", minutes=0)  # one step each
    pieces = run(tmp_path / "pieces.pt")
    torch.testing.assert_close(pieces, whole, rtol=0, atol=0)


def test_sigterm_saves_and_stops(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    one = trainer(path)
    learn = loss_of(one)

    def loss(progress: float, rng: np.random.Generator) -> Tensor:
        if one.step == 7:
            signal.raise_signal(signal.SIGTERM)
        return learn(progress, rng)

    before = signal.getsignal(signal.SIGTERM)
    one.run(loss, Limits())
    assert signal.getsignal(signal.SIGTERM) == before
    resumed = trainer(path)
    resumed.resume()
    assert resumed.step == 8


def test_it_saves_now_and_then(tmp_path: Path) -> None:
    """What a power cut would leave: the file of the last save, whole."""
    path = tmp_path / "a.pt"
    one = trainer(path)
    learn = loss_of(one)

    def loss(progress: float, rng: np.random.Generator) -> Tensor:
        if one.step == 5:
            raise RuntimeError("power cut")
        return learn(progress, rng)

    with pytest.raises(RuntimeError, match="power cut"):
        one.run(loss, Limits(save_minutes=0))
    resumed = trainer(path)
    resumed.resume()
    assert resumed.step == 5
    assert os.listdir(tmp_path) == ["a.pt"]


def test_the_rate_rises_stays_and_falls() -> None:
    plan = Plan(steps=1000, learning_rate=1.0, warmup=10, cooldown=0.25)
    rates = [plan.rate(step) for step in (0, 9, 500, 750, 875, 999)]
    assert rates == pytest.approx([0.1, 1, 1, 1, 0.5, 0.02])
