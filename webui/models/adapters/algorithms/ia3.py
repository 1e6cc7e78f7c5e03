"""(IA)^3: each input, or each output, of a layer made stronger or weaker.

Liu et al., "Few-shot parameter-efficient fine-tuning is better and cheaper than in-context
learning", 2022.
"""

from __future__ import annotations

from torch import Tensor

from webui.models.adapters.weights import Misfit, Weights


def delta(weights: Weights, original: Tensor) -> Tensor:
    """W * factor, along the inputs where the number `on_input` is set, else along the outputs."""
    factor = weights["weight"].to(original).flatten()
    axis = 1 if weights.numbers.get("on_input") else 0
    if original.dim() <= axis or factor.shape[0] != original.shape[axis]:
        raise Misfit(f"{tuple(factor.shape)} for {tuple(original.shape)}")
    along = [1] * original.dim()
    along[axis] = -1
    return original * factor.reshape(along)
