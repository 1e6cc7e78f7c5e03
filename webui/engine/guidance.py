"""Guidance: the branches of a prompt become one prediction of the clean latents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch import Tensor

from webui.core.participants import Cond, Embedding, Participant, Step
from webui.models.family import Model

Check = Callable[[], None]
"""Called before each model call; raises to stop the run."""


@dataclass(frozen=True)
class _Row:
    """One row of a model call: which picture it belongs to, and how much it counts."""

    image: int
    weight: float
    embedding: Embedding


class Guider:
    """`denoise(x, sigma) -> denoised` for the samplers; everything that happens on a step.

    Classifier-free guidance (https://arxiv.org/abs/2207.12598) over any number of weighted
    branches a picture: denoised = u + scale * sum_i w_i (c_i - u), as A1111 combines `AND`.
    The negative branch is not computed where it cannot count (scale and weights both 1).
    """

    def __init__(
        self,
        model: Model,
        conds: Sequence[Cond],
        scale: float,
        total: int,
        participants: Sequence[Participant] = (),
        check: Check = lambda: None,
    ) -> None:
        self.model = model
        self.scale = scale
        self.total = total
        self.calls = 0
        self._participants = sorted(participants, key=lambda one: one.order)
        self._check = check
        self._uncond: Tensor | None = None
        branches = list(conds)
        for participant in self._participants:
            branches = participant.conditioning(branches)
        self._positive = [cond for cond in branches if cond.role == "positive"]
        self._negative = [cond for cond in branches if cond.role == "negative"]
        total_weight: dict[int, float] = {}
        for cond in self._positive:
            total_weight[cond.image] = total_weight.get(cond.image, 0.0) + cond.weight
        self._guided = scale != 1 or any(weight != 1 for weight in total_weight.values())

    def patched(self) -> ExitStack:
        """All participants' changes to the model, undone in reverse on leaving."""
        stack = ExitStack()
        for participant in self._participants:
            stack.enter_context(participant.patched(self.model))
        return stack

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """Predict the clean latents.

        Args:
            x: (B, C, h, w).
            sigma: scalar noise level.
        Returns:
            (B, C, h, w) in the dtype of x.
        """
        self._check()
        step = Step(index=self.calls, total=self.total, x=x, sigma=float(sigma))
        for participant in self._participants:
            participant.before(step)
        step.denoised = self._guide(step)
        for participant in self._participants:
            participant.after(step)
        self.calls += 1
        return step.denoised.to(x.dtype)

    def uncond(self) -> Tensor:
        """What the last call predicted for the negative prompt (CFG++ needs it)."""
        if self._uncond is None:
            raise RuntimeError("uncond() needs a guided call before it")
        return self._uncond

    def needs_uncond(self) -> None:
        """Compute the negative branch on every call, whatever the scale."""
        self._guided = True

    def _guide(self, step: Step) -> Tensor:
        positive = [_Row(c.image, c.weight, c.at(step.index)) for c in self._positive]
        negative = [_Row(c.image, 1.0, c.at(step.index)) for c in self._negative]
        rows = positive + (negative if self._guided else [])
        predicted = self._predict(step, rows)
        if not self._guided:
            return _sum_rows(step.x, positive, predicted)
        uncond = torch.empty_like(predicted[: step.x.shape[0]])
        for row, value in zip(negative, predicted[len(positive) :], strict=True):
            uncond[row.image] = value
        self._uncond = uncond
        denoised = uncond.clone()
        for row, value in zip(positive, predicted, strict=False):
            denoised[row.image] += (value - uncond[row.image]) * (row.weight * self.scale)
        return denoised

    def _predict(self, step: Step, rows: Sequence[_Row]) -> Tensor:
        """The network's answer for every row: (rows, C, h, w).

        Texts of different length go in separate calls: filling the shorter one up would change
        the picture. On the CPU so do pictures: there a larger batch rounds differently, and a
        picture shall be the same, to the bit, alone and in a batch; it costs 4 % at 512 x 512.
        """
        x = step.x.float()
        result = x.new_empty((len(rows), *x.shape[1:]))
        calls: dict[tuple[int, int], list[int]] = {}
        for place, row in enumerate(rows):
            picture = row.image if x.device.type == "cpu" else 0
            calls.setdefault((row.embedding.tokens.shape[0], picture), []).append(place)
        for places in calls.values():
            images = torch.tensor([rows[i].image for i in places], device=x.device)
            embeddings = [rows[i].embedding for i in places]
            predicted = self.model.predict_x0(x[images], step.sigma, embeddings, step.residuals)
            result[torch.tensor(places, device=x.device)] = predicted
        return result


def _sum_rows(x: Tensor, rows: Sequence[_Row], predicted: Tensor) -> Tensor:
    total = torch.zeros_like(x, dtype=predicted.dtype)
    for row, value in zip(rows, predicted, strict=True):
        total[row.image] += row.weight * value
    return total
