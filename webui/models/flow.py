"""Rectified flows: x = (1 - sigma) * clean + sigma * noise, with sigma from 0 to 1.

Liu et al., "Flow straight and fast", 2022; Esser et al., "Scaling rectified flow transformers for
high-resolution image synthesis", 2024 (the shift of the levels).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from webui.core.errors import UserError
from webui.models.sigmas import SigmaTable

LEVELS = 1000
"""Timesteps of all these models; a network is told `sigma * LEVELS`."""
_USUAL_STEPS = 20
"""Of levels that depend on the number of steps, where that is not known."""


@dataclass(frozen=True, eq=False)
class FlowTable(SigmaTable):
    """Noise levels of a flow by timestep, 0 to `LEVELS` - 1.

    sigma = shift * u / (1 + (shift - 1) * u) with u = (timestep + 1) / `LEVELS`: the larger the
    shift, the more of the levels lie high. Then 1 - sigma is divided by `stretch`, as far as
    sigma is not below `lowest`.
    """

    shift: float = 1.0
    stretch: float = 1.0
    lowest: float = 0.0
    by_steps: Callable[[int], SigmaTable] | None = None
    flow: ClassVar[bool] = True

    @classmethod
    def shifted(
        cls,
        shift: float,
        stretch: float = 1.0,
        lowest: float = 0.0,
        by_steps: Callable[[int], SigmaTable] | None = None,
    ) -> Self:
        """The table of a shift above 0.

        Args:
            by_steps: the tables for numbers of steps, where it depends on that.
        """
        bare = cls(torch.ones(0), shift=shift, stretch=stretch, lowest=lowest)
        return replace(bare, sigmas=bare.t_to_sigma(torch.arange(LEVELS)), by_steps=by_steps)

    def for_steps(self, steps: int) -> SigmaTable:
        """See `SigmaTable.for_steps`."""
        return self.by_steps(steps) if self.by_steps else self

    def sigma_to_t(self, sigma: Tensor | float) -> Tensor:
        """Timesteps of noise levels, held at the ends."""
        wanted = 1 - self.stretch * (1 - torch.as_tensor(sigma, dtype=torch.float32))
        even = wanted / (self.shift - (self.shift - 1) * wanted)
        return (even * LEVELS - 1).clamp(0, LEVELS - 1)

    def t_to_sigma(self, t: Tensor | float) -> Tensor:
        """Noise levels of timesteps, which need not be whole."""
        even = (torch.as_tensor(t, dtype=torch.float32).clamp(0, LEVELS - 1) + 1) / LEVELS
        sigma = self.shift * even / (1 + (self.shift - 1) * even)
        if self.stretch == 1:
            return sigma
        return (1 - (1 - sigma) / self.stretch).clamp(min=self.lowest)

    def exploding(self) -> SigmaTable:
        """The levels at which x / (1 - sigma) is clean + noise, without the last: no signal."""
        below = self.sigmas[self.sigmas < 1].double()
        return SigmaTable((below / (1 - below)).float())


@dataclass(frozen=True)
class Shift:
    """How far a model's levels are shifted, for a picture of so many tokens.

    Attributes:
        fixed: the shift, where it does not depend on the size.
        tokens, values: two numbers of tokens, and the logarithms of the shifts for them (their
            own values with `linear`); in between and beyond it goes on in a straight line.
        linear: the values are shifts, not their logarithms.
        terminal: to which level the last one that is walked is brought, by stretching all.
        empirical: the shift is that of Flux.2, which depends on the number of steps too.
    """

    fixed: float | None = 1.0
    tokens: tuple[int, int] = (256, 4096)
    values: tuple[float, float] = (0.5, 1.15)
    linear: bool = field(default=False)
    terminal: float | None = None
    empirical: bool = False

    @classmethod
    def from_config(cls, config: Mapping[str, Any], shown: str) -> Self:
        """From the config of a `FlowMatchEulerDiscreteScheduler` as diffusers writes it.

        Which of the levels are walked (`use_beta_sigmas`, …) is the schedule of the model's card.

        Args:
            shown: how errors name the model.

        Raises:
            UserError: it is another scheduler, or its numbers make no sense.
        """
        kind = str(config.get("_class_name", ""))
        if kind and not kind.startswith("FlowMatch"):
            raise UserError("model_schedule", file=shown, name=kind)
        terminal = config.get("shift_terminal") and _positive(config, "shift_terminal", 1, shown)
        if not config.get("use_dynamic_shifting"):
            return cls(_positive(config, "shift", 1.0, shown), terminal=terminal)
        tokens = (
            _positive(config, "base_image_seq_len", 256, shown),
            _positive(config, "max_image_seq_len", 4096, shown),
        )
        if tokens[0] == tokens[1]:
            raise UserError("model_schedule", file=shown, name="max_image_seq_len")
        values = (
            _positive(config, "base_shift", 0.5, shown),
            _positive(config, "max_shift", 1.15, shown),
        )
        linear = config.get("time_shift_type") == "linear"
        return cls(None, (int(tokens[0]), int(tokens[1])), values, linear, terminal)

    def table(self, tokens: int) -> FlowTable:
        """The levels for a picture of so many tokens."""
        if self.terminal is None and not self.empirical:
            return FlowTable.shifted(self._at(tokens, _USUAL_STEPS))
        return self._for_steps(tokens, _USUAL_STEPS)

    def _for_steps(self, tokens: int, steps: int) -> FlowTable:
        shift, stretch = self._at(tokens, steps), 1.0
        if self.terminal is not None:
            even = 1 / steps
            last = shift * even / (1 + (shift - 1) * even)
            stretch = (1 - last) / (1 - self.terminal) or 1.0
        by_steps = partial(self._for_steps, tokens)
        return FlowTable.shifted(shift, stretch, self.terminal or 0.0, by_steps)

    def _at(self, tokens: int, steps: int) -> float:
        """The shift for so many tokens and steps."""
        if self.empirical:
            return math.exp(min(_empirical(tokens, steps), 20.0))
        return self._moving(tokens) if self.fixed is None else self.fixed

    def _moving(self, tokens: int) -> float:
        (few, many), (low, high) = self.tokens, self.values
        value = low + (high - low) * (tokens - few) / (many - few)
        return max(value, 1e-3) if self.linear else math.exp(min(value, 20.0))


def _empirical(tokens: int, steps: int) -> float:
    """The logarithm of Flux.2's shift, fitted by its makers to 10 and to 200 steps."""
    many = 0.00016927 * tokens + 0.45666666
    if tokens > 4300:
        return many
    few = 8.73809524e-05 * tokens + 1.89833333
    slope = (many - few) / 190
    return slope * steps + many - 200 * slope


def _positive(config: Mapping[str, Any], name: str, default: float, shown: str) -> float:
    value = config.get(name, default)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < math.inf:
        raise UserError("model_schedule", file=shown, name=f"{name} {value}")
    return float(value)
