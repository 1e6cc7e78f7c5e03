"""From what a network trained on discrete noise levels puts out to its guess of the latents."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import torch
from torch import Tensor

from webui.core.errors import UserError
from webui.models.sigmas import SigmaTable

_TARGETS = {"epsilon": "epsilon", "v_prediction": "v"}


@dataclass(frozen=True)
class Prediction:
    """Rules of x = clean + sigma * noise ("variance exploding"), as k-diffusion wraps networks.

    Attributes:
        target: what the network puts out: the noise (`epsilon`), or the velocity
            v = alpha * noise - sqrt(1 - alpha^2) * clean
            (Salimans & Ho, "Progressive distillation", 2022).
    """

    table: SigmaTable
    target: Literal["epsilon", "v"]

    @classmethod
    def from_config(cls, config: Mapping[str, Any], shown: str) -> Self:
        """From a scheduler's config as diffusers writes it.

        Args:
            shown: how errors name the model.

        Raises:
            UserError: it asks for something that is not known.
        """
        target = _TARGETS.get(config.get("prediction_type", "epsilon"))
        if target is None:
            name = f"prediction_type {config.get('prediction_type')}"
            raise UserError("model_schedule", file=shown, name=name)
        table = _table(config, shown)
        if config.get("rescale_betas_zero_snr"):
            table = table.zero_terminal_snr()
        return cls(table, "epsilon" if target == "epsilon" else "v")

    def scaled(self, x: Tensor, sigma: float) -> Tensor:
        """What the network is given: x with variance about 1."""
        return x / math.sqrt(sigma**2 + 1)

    def timestep(self, sigma: float) -> float:
        """Need not be whole: A1111's wrapper does not round either."""
        return float(self.table.sigma_to_t(sigma))

    def denoised(self, x: Tensor, output: Tensor, sigma: float) -> Tensor:
        """The network's guess of the clean latents."""
        if self.target == "epsilon":
            return x - sigma * output
        variance = sigma**2 + 1
        return x / variance - output * (sigma / math.sqrt(variance))


def _table(config: Mapping[str, Any], shown: str) -> SigmaTable:
    if config.get("trained_betas"):
        return SigmaTable.from_betas(torch.tensor(config["trained_betas"], dtype=torch.float64))
    kind = config.get("beta_schedule", "scaled_linear")
    makers = {"scaled_linear": SigmaTable.scaled_linear, "linear": SigmaTable.linear}
    if kind not in makers:
        raise UserError("model_schedule", file=shown, name=f"beta_schedule {kind}")
    start, end = config.get("beta_start", 0.00085), config.get("beta_end", 0.012)
    return makers[kind](start, end, config.get("num_train_timesteps", 1000))
