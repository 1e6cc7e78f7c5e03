"""Refiner: another model takes over in mid-run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from webui.core.errors import UserError
from webui.engine.guidance import Given
from webui.engine.plan import Plan
from webui.models.family import Model


@dataclass(eq=False)
class Refiner:
    """When the other model takes over, and what it is given (see `guidance.Takeover`).

    Attributes:
        switch_at: share of the run that is over then.
        plan: of the run.
        sigmas: (T,) ascending, of the model that began.
        make: loads the model and reads the prompts for it.
        taken_over: it did.
    """

    switch_at: float
    plan: Plan
    sigmas: Tensor
    make: Callable[[], Given]
    taken_over: bool = False

    def due(self, index: int, sigma: float) -> bool:
        """A1111's rule: the share is taken of the noise levels, as timesteps.

        With the option `refiner_by_steps` of the calls.
        """
        if self.plan.options.refiner_by_steps:
            return index / self.plan.counted >= self.switch_at
        last = len(self.sigmas) - 1
        timestep = int(torch.argmin((self.sigmas.cpu() - sigma).abs()))
        return (last - timestep) / (last + 1) >= self.switch_at

    def given(self) -> Given:
        """Load it."""
        self.taken_over = True
        return self.make()


def check_fits(model: Model, other: Model, field: str) -> None:
    """Whether the latents of one model mean the same to the other.

    Raises:
        UserError: they do not.
    """
    mine, theirs = model.latent, other.latent
    if (mine.channels, mine.stride, mine.scale) != (theirs.channels, theirs.stride, theirs.scale):
        raise UserError("models_apart", field, first=model.info.id, second=other.info.id)
