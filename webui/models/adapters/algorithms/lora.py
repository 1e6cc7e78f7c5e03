"""LoRA, also of convolutions (LoCon), with or without a core.

Hu et al., "LoRA: low-rank adaptation of large language models", 2021.
"""

from __future__ import annotations

from torch import Tensor

from webui.models.adapters.weights import Weights, shaped, tucker


def delta(weights: Weights, original: Tensor) -> Tensor:
    """alpha / r * up @ down.

    down (r, in, …), up (out, r, …); with a core `mid` (r, r, k, k) both are 1 x 1. The number
    `dyn` takes only so many of the r, as A1111's fourth value of a tag does.
    """
    down, up = weights["down"].to(original), weights["up"].to(original)
    rank = down.shape[0]
    if "mid" in weights:
        product = tucker(weights["mid"].to(original), up.flatten(1).T, down.flatten(1))
    else:
        up, down = up.flatten(1), down.flatten(1)
        if "dyn" in weights.numbers:
            taken = int(weights.numbers["dyn"])
            up, down = up[:, :taken], down[:taken]
        product = up @ down
    return shaped(product, original) * weights.scale(rank)
