"""LoHa: the product, element by element, of two matrices of low rank.

Hyeon-Woo et al., "FedPara: low-rank Hadamard product for communication-efficient federated
learning", 2022.
"""

from __future__ import annotations

from torch import Tensor

from webui.models.adapters.weights import Weights, shaped, tucker


def delta(weights: Weights, original: Tensor) -> Tensor:
    """alpha / r * (w1_a @ w1_b) * (w2_a @ w2_b).

    w_a (out, r), w_b (r, in * k * k); with cores t1, t2 (r, r, k, k) they are (r, out), (r, in).
    """
    first, second = _half(weights, "1", original), _half(weights, "2", original)
    return shaped(first * second, original) * weights.scale(weights["hada_w1_b"].shape[0])


def _half(weights: Weights, number: str, original: Tensor) -> Tensor:
    a = weights[f"hada_w{number}_a"].to(original)
    b = weights[f"hada_w{number}_b"].to(original)
    if f"hada_t{number}" in weights:
        return tucker(weights[f"hada_t{number}"].to(original), a, b)
    return a @ b
