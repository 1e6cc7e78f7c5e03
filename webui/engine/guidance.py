"""Guidance: the branches of a prompt become one prediction of the clean latents."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from webui.core.participants import Call, Cond, Embedding, Over, Participant, Role, Step
from webui.engine.options import Options
from webui.models.family import Model, Shown

Check = Callable[[], None]
"""Called before each model call; raises to stop the run."""
_ROUNDED = 1e-6
"""By which the weights of regions that fill a picture may miss 1."""
_MEASURED = 32
"""Latents a side at which it is measured how much of a picture a region fills."""


@dataclass(frozen=True)
class _Row:
    """One row of a model call.

    Attributes:
        image: which picture it belongs to.
        weight: how much it counts.
        role: whether it is led to or away from.
        blind: an edit model is not shown the picture.
        region: where it counts, see `Cond.region`.
    """

    image: int
    weight: float
    embedding: Embedding
    role: Role
    blind: bool = False
    region: Callable[[int, int], Tensor] | None = None


@dataclass(frozen=True, eq=False)
class Given:
    """A model and what it is given for the pictures of a batch.

    Attributes:
        conds: the branches of their prompts.
        concat: (B, K, h, w) what it sees beside x, see `Model.predict_x0`; None for nothing.
    """

    model: Model
    conds: Sequence[Cond]
    concat: Shown | None = None


class Takeover(Protocol):
    """Another model that goes on with a run (see `features.refiner`)."""

    def due(self, index: int, sigma: float) -> bool:
        """Whether it makes the call of this number (from 0) at this noise level."""
        ...

    def given(self) -> Given:
        """The model and what it is given; called once."""
        ...


class Guider:
    """`denoise(x, sigma) -> denoised` for the samplers; everything that happens on a step.

    Classifier-free guidance (https://arxiv.org/abs/2207.12598) over any number of weighted
    branches a picture: denoised = u + scale * sum_i w_i (c_i - u), as A1111 combines `AND`.
    The negative branch is not computed where it cannot count (scale and weights both 1).

    For edit models (InstructPix2Pix, https://arxiv.org/abs/2211.09800) there is a third part e
    that sees neither prompt nor picture: denoised = e + image_scale * (u - e)
    + scale * sum_i w_i (c_i - u).
    """

    def __init__(
        self,
        given: Given,
        scale: float,
        total: int,
        participants: Sequence[Participant] = (),
        check: Check = lambda: None,
        *,
        image_scale: float | None = None,
        takeover: Takeover | None = None,
        counted: int | None = None,
        options: Options | None = None,
        walk: int = 0,
        over: Over | None = None,
    ) -> None:
        """Read no step yet.

        Args:
            scale: of the guidance.
            total: how often the sampler will call.
            image_scale: of the guidance by the picture, for edit models.
            counted: calls that shares of the run are taken of (A1111 counts a few more than are
                made with some samplers).
            options: when to leave out the negative branch.
            walk, over: see `Step`.
        """
        self.scale = scale
        self._walk, self._over = walk, over
        self.total = total
        self.calls = 0
        self._participants = sorted(participants, key=lambda one: one.order)
        self._check = check
        self._uncond: Tensor | None = None
        self._image_scale = image_scale
        self._takeover = takeover
        self._counted = counted or total
        self._options = options or Options()
        self._patches = ExitStack()
        self._always = False
        self._read(given)

    def _read(self, given: Given) -> None:
        self.model = given.model
        self._concat = given.concat
        branches = list(given.conds)
        for participant in self._participants:
            branches = participant.conditioning(branches)
        self._positive = [cond for cond in branches if cond.role == "positive"]
        self._negative = [cond for cond in branches if cond.role == "negative"]
        total_weight: dict[int, float] = {}
        for cond in self._positive:
            total_weight[cond.image] = total_weight.get(cond.image, 0.0) + _counts(cond)
        self._edits = (
            given.model.image_conditioning == "edit"
            and given.concat is not None
            and self._image_scale not in (None, 1)
        )
        self._guided = self.scale != 1 or any(
            abs(weight - 1) > _ROUNDED for weight in total_weight.values()
        )

    @contextmanager
    def patched(self) -> Generator[None]:
        """All participants' changes to the model, undone in reverse on leaving."""
        with self._patches:
            self._patch()
            yield

    def _patch(self) -> None:
        for participant in self._participants:
            self._patches.enter_context(participant.patched(self.model))

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """Predict the clean latents.

        Args:
            x: (B, C, h, w).
            sigma: scalar noise level.
        Returns:
            (B, C, h, w) in the dtype of x.
        """
        self._check()
        if self._takeover and self._takeover.due(self.calls, float(sigma)):
            self._hand_over(self._takeover)
        step = Step(self.calls, self.total, x, float(sigma), walk=self._walk, over=self._over)
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
        self._always = True

    def _hand_over(self, takeover: Takeover) -> None:
        self._takeover = None
        self._patches.close()
        self._read(takeover.given())
        self._patch()

    def _leads(self, step: Step) -> bool:
        """Whether the negative branch is computed on this step."""
        options, odd = self._options, step.index % 2
        if options.skip_early and step.index / self._counted <= options.skip_early:
            return False
        minimum = options.negative_minimum_sigma
        if not self._edits and step.sigma < minimum and (odd or options.negative_minimum_always):
            return False
        return self._guided or self._edits or self._always

    def _guide(self, step: Step) -> Tensor:
        leads = self._leads(step)
        positive = [self._row(cond, cond.weight, step) for cond in self._positive]
        negative = [self._row(cond, 1.0, step) for cond in self._negative] if leads else []
        blind = [replace(row, blind=True) for row in negative] if self._edits else []
        predicted = self._predict(step, [*positive, *negative, *blind])
        prompted, rest = predicted[: len(positive)], predicted[len(positive) :]
        uncond = _by_image(step.x, positive, prompted)
        if leads:
            uncond = _by_image(step.x, negative, rest)
        self._uncond = uncond
        step.scale = self.scale if leads else 1.0
        denoised, step.uncond, step.prompted = uncond.clone(), uncond, uncond.clone()
        if blind:
            unseen = _by_image(step.x, blind, rest[len(negative) :])
            denoised = unseen + (uncond - unseen) * (self._image_scale or 0.0)
        for row, value in zip(positive, prompted, strict=True):
            away = value - uncond[row.image]
            if row.region is not None:
                away = away * row.region(*away.shape[-2:]).to(away)
            step.prompted[row.image] += away * row.weight
            denoised[row.image] += away * (row.weight * step.scale)
        return denoised

    def _row(self, cond: Cond, weight: float, step: Step) -> _Row:
        return _Row(cond.image, weight, cond.at(step.index), cond.role, region=cond.region)

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
            together = [rows[place] for place in places]
            predicted = self._called(step, x, together)
            result[torch.tensor(places, device=x.device)] = predicted
        return result

    def _called(self, step: Step, x: Tensor, rows: Sequence[_Row]) -> Tensor:
        """The network's answer for rows that go in one call."""
        images = [row.image for row in rows]
        call = Call(
            step=step,
            model=self.model,
            x=x[torch.tensor(images, device=x.device)],
            embeddings=[row.embedding for row in rows],
            images=images,
            roles=[row.role for row in rows],
            residuals=dict(step.residuals),
        )
        for participant in self._participants:
            participant.call(call)
        beside = self._beside(rows)
        return self.model.predict_x0(call.x, step.sigma, call.embeddings, call.residuals, beside)

    def _beside(self, rows: Sequence[_Row]) -> Shown | None:
        concat = self._concat
        if concat is None:
            return None
        if isinstance(concat, tuple):
            return tuple(_for_rows(one, rows) for one in concat)
        return _for_rows(concat, rows)


def _for_rows(shown: Tensor, rows: Sequence[_Row]) -> Tensor:
    """(B, K, h, w) to (rows, K, h, w)."""
    mine = [torch.zeros_like(shown[row.image]) if row.blind else shown[row.image] for row in rows]
    return torch.stack(mine)


def _counts(cond: Cond) -> float:
    """The weight of a branch, on an average over the picture."""
    if cond.region is None:
        return cond.weight
    return cond.weight * float(cond.region(_MEASURED, _MEASURED).mean())


def _by_image(x: Tensor, rows: Sequence[_Row], predicted: Tensor) -> Tensor:
    """The first row of each picture, in the shape of x."""
    found = torch.empty_like(x, dtype=predicted.dtype)
    for row, value in reversed(list(zip(rows, predicted, strict=False))):
        found[row.image] = value
    return found
