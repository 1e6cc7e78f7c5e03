"""GLoRA: a change of low rank of its own, and one that hangs on the original weight.

Chavan et al., "One-for-all: generalized LoRA for parameter-efficient fine-tuning", 2023.
"""

from __future__ import annotations

from torch import Tensor

from webui.models.adapters.weights import Weights, shaped


def delta(weights: Weights, original: Tensor) -> Tensor:
    """alpha / r * (B + W A).

    A = a1 (in, r) @ a2 (r, in), B = b1 (out, r) @ b2 (r, in) as LyCORIS names them since 2.2;
    before, each pair had its names exchanged.
    """
    a1, a2, b1, b2 = (weights[name].to(original).flatten(1) for name in ("a1", "a2", "b1", "b2"))
    if a1.shape[0] < a1.shape[1]:
        a1, a2, b1, b2 = a2, a1, b2, b1
    rank = a2.shape[0]
    matrix = original.flatten(1) if original.dim() == 2 else original.movedim(1, -1)
    through = (matrix @ a1) @ a2
    if original.dim() > 2:
        through = through.movedim(-1, 1)
    return (shaped(through, original) + shaped(b1 @ b2, original)) * weights.scale(rank)
