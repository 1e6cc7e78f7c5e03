"""DoRA: the direction of a weight is changed by another algorithm, its magnitude is learned.

Liu et al., "DoRA: weight-decomposed low-rank adaptation", 2024.
"""

from __future__ import annotations

import torch
from torch import Tensor

from webui.models.adapters.weights import Misfit, Weights


def decomposed(weights: Weights, change: Tensor, original: Tensor) -> Tensor:
    """What is to be added in place of a change: m * (W + change) / |W + change| - W.

    The magnitude m is one number an output (`magnitude`, as peft has it, or a `dora_scale` of that
    first axis), or one an input (`dora_scale` as A1111 and early LyCORIS have it).
    """
    changed = original + change
    name = "magnitude" if "magnitude" in weights else "dora_scale"
    magnitude = weights[name].to(original)
    outputs = name == "magnitude" or magnitude.shape[:1] == original.shape[:1]
    axis = 0 if outputs else 1
    if magnitude.numel() != original.shape[axis]:
        raise Misfit(f"{tuple(magnitude.shape)} for {tuple(original.shape)}")
    others = [place for place in range(original.dim()) if place != axis]
    norm = torch.linalg.vector_norm(changed, dim=others, keepdim=True)
    norm = norm.clamp(min=torch.finfo(norm.dtype).tiny)
    return changed * (magnitude.reshape(norm.shape) / norm) - original
