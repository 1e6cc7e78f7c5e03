"""LoKr: a Kronecker product, each factor whole or of low rank.

Yeh et al., "Navigating text-to-image customization: from LyCORIS fine-tuning to model
evaluation", 2024.
"""

from __future__ import annotations

import torch
from torch import Tensor

from webui.models.adapters.weights import Misfit, Weights, shaped, tucker


def delta(weights: Weights, original: Tensor) -> Tensor:
    """alpha / r * kron(w1, w2).

    w1 (a, b) or w1_a (a, r) @ w1_b (r, b); w2 (c, d, …) or w2_a (c, r) @ w2_b (r, d * k * k), with
    a core t2 (r, r, k, k) of w2_a (r, c) and w2_b (r, d). Two whole factors have no rank, and
    alpha means nothing.
    """
    first, rank_1 = _first(weights, original)
    second, rank_2 = _second(weights, original)
    if second.dim() > 2:
        first = first.reshape(*first.shape, *[1] * (second.dim() - 2))
    product = torch.kron(first.contiguous(), second.contiguous())
    return shaped(product, original) * weights.scale(rank_2 or rank_1)


def _first(weights: Weights, original: Tensor) -> tuple[Tensor, int | None]:
    if "lokr_w1" in weights:
        return weights["lokr_w1"].to(original), None
    b = weights["lokr_w1_b"].to(original)
    return weights["lokr_w1_a"].to(original) @ b, b.shape[0]


def _second(weights: Weights, original: Tensor) -> tuple[Tensor, int | None]:
    if "lokr_w2" in weights:
        return weights["lokr_w2"].to(original), None
    a, b = weights["lokr_w2_a"].to(original), weights["lokr_w2_b"].to(original)
    if "lokr_t2" in weights:
        return tucker(weights["lokr_t2"].to(original), a, b), b.shape[0]
    product = a @ b.flatten(1)
    if original.dim() < 3:
        return product, b.shape[0]
    kernel = original.shape[2:]
    if product.shape[1] % kernel.numel():
        raise Misfit(f"{tuple(product.shape)} for {tuple(original.shape)}")
    return product.reshape(product.shape[0], -1, *kernel), b.shape[0]
