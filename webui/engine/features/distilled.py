"""Guidance that a network was taught itself: it is told the scale, and none is computed."""

from __future__ import annotations

from webui.core.participants import Participant, Step

GUIDANCE = "guidance"
"""The network's argument."""


class DistilledGuidance(Participant):
    """Tells the network the scale on every step.

    Meng et al., "On distillation of guided diffusion models", 2022.
    """

    def __init__(self, scale: float) -> None:
        self._scale = scale

    def before(self, step: Step) -> None:
        step.residuals.setdefault(GUIDANCE, self._scale)
