"""Rectified flows: x = (1 - sigma) * clean + sigma * noise, with sigma from 0 to 1.

Liu et al., "Flow straight and fast", 2022; Esser et al., "Scaling rectified flow transformers for
high-resolution image synthesis", 2024 (the shift of the levels).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from webui.core.errors import UserError
from webui.models.sigmas import SigmaTable

LEVELS = 1000
"""Timesteps of all these models; a network is told `sigma * LEVELS`."""


@dataclass(frozen=True, eq=False)
class FlowTable(SigmaTable):
    """Noise levels of a flow by timestep, 0 to `LEVELS` - 1.

    sigma = shift * u / (1 + (shift - 1) * u) with u = (timestep + 1) / `LEVELS`: the larger the
    shift, the more of the levels lie high.
    """

    shift: float = 1.0
    flow: ClassVar[bool] = True

    @classmethod
    def shifted(cls, shift: float) -> Self:
        """The table of a shift above 0."""
        even = torch.arange(1, LEVELS + 1) / LEVELS
        return cls(shift * even / (1 + (shift - 1) * even), shift=shift)

    def sigma_to_t(self, sigma: Tensor | float) -> Tensor:
        """Timesteps of noise levels, held at the ends."""
        wanted = torch.as_tensor(sigma, dtype=torch.float32)
        even = wanted / (self.shift - (self.shift - 1) * wanted)
        return (even * LEVELS - 1).clamp(0, LEVELS - 1)

    def t_to_sigma(self, t: Tensor | float) -> Tensor:
        """Noise levels of timesteps, which need not be whole."""
        even = (torch.as_tensor(t, dtype=torch.float32).clamp(0, LEVELS - 1) + 1) / LEVELS
        return self.shift * even / (1 + (self.shift - 1) * even)

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
    """

    fixed: float | None = 1.0
    tokens: tuple[int, int] = (256, 4096)
    values: tuple[float, float] = (0.5, 1.15)
    linear: bool = field(default=False)

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
        if not config.get("use_dynamic_shifting"):
            return cls(_positive(config, "shift", 1.0, shown))
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
        return cls(None, (int(tokens[0]), int(tokens[1])), values, linear)

    def table(self, tokens: int) -> FlowTable:
        """The levels for a picture of so many tokens."""
        return FlowTable.shifted(self.fixed if self.fixed is not None else self._moving(tokens))

    def _moving(self, tokens: int) -> float:
        (few, many), (low, high) = self.tokens, self.values
        value = low + (high - low) * (tokens - few) / (many - few)
        return max(value, 1e-3) if self.linear else math.exp(min(value, 20.0))


def _positive(config: Mapping[str, Any], name: str, default: float, shown: str) -> float:
    value = config.get(name, default)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < math.inf:
        raise UserError("model_schedule", file=shown, name=f"{name} {value}")
    return float(value)
