"""Changes that are stored whole: of a weight (`diff`), and of a norm's (`w_norm`)."""

from __future__ import annotations

from torch import Tensor

from webui.models.adapters.weights import Weights, shaped


def delta(weights: Weights, original: Tensor) -> Tensor:
    """What is stored."""
    stored = weights["diff"] if "diff" in weights else weights["w_norm"]
    return shaped(stored.to(original), original)
