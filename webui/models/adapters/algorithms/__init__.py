"""One file an algorithm: `delta(weights, original)` is what a weight of 1 adds to the original."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from torch import Tensor

from webui.models.adapters.algorithms import full, glora, ia3, loha, lokr, lora, oft
from webui.models.adapters.algorithms.dora import decomposed
from webui.models.adapters.weights import Misfit, Rows, Weights, shaped

Delta = Callable[[Weights, Tensor], Tensor]

ALGORITHMS: Mapping[str, Delta] = {
    "up": lora.delta,
    "hada_w1_a": loha.delta,
    "lokr_w1": lokr.delta,
    "lokr_w1_a": lokr.delta,
    "oft_blocks": oft.delta,
    "oft_diag": oft.delta,
    "a1": glora.delta,
    "weight": ia3.delta,
    "diff": full.delta,
    "w_norm": full.delta,
}
"""By a tensor that only this algorithm has."""

BIASES = ("diff_b", "b_norm")
"""Names of what is added to a layer's bias."""


def change(weights: Weights, original: Tensor) -> Tensor:
    """What a weight of 1 adds to a layer's weight.

    Args:
        original: (out, in), or (out, in, k, k) of a convolution, or (n,) of a norm; float32.

    Raises:
        Misfit: the weights are none for a layer of this shape, or none of these algorithms'.
    """
    if weights.rows is not None:
        _check_apart(weights, weights.rows)
        whole = weights.rows.within(original)
        return weights.rows.of(change(replace(weights, rows=None), whole))
    delta = next((ALGORITHMS[name] for name in ALGORITHMS if name in weights), None)
    if delta is None:
        raise Misfit(", ".join(weights.tensors))
    try:
        changed = delta(weights, original)
    except RuntimeError as error:  # matrices whose sizes do not go together
        if original.is_meta:
            raise Misfit(str(error)) from error
        raise
    if "dora_scale" in weights or "magnitude" in weights:
        return decomposed(weights, changed, original)
    return changed


def bias_change(weights: Weights, original: Tensor) -> Tensor:
    """What a weight of 1 adds to a layer's bias (n,), float32.

    Raises:
        Misfit: as `change` does.
    """
    if weights.rows is not None:
        whole = weights.rows.within(original)
        return weights.rows.of(bias_change(replace(weights, rows=None), whole))
    if "up_bias" in weights and "down" in weights:
        bias = weights["up_bias"].to(original)
        return shaped(bias, original) * weights.scale(weights["down"].shape[0])
    name = next((name for name in BIASES if name in weights), "")
    return shaped(weights[name].to(original), original)


def _check_apart(weights: Weights, rows: Rows) -> None:
    """Whether the outputs of some rows can be worked out without the others.

    Raises:
        Misfit: they hang on all of them.
    """
    if "dora_scale" in weights and weights["dora_scale"].shape[:1] != (rows.total,):
        raise Misfit("a magnitude for each input of a fused layer")
    for name in ("oft_blocks", "oft_diag"):
        if name not in weights:
            continue
        size = weights[name].shape[-1]
        if weights[name].dim() != 3 or any(place % size for span in rows.spans for place in span):
            raise Misfit("a rotation over several layers")


def changes_weight(weights: Weights) -> bool:
    """Whether there is anything for the layer's weight."""
    return any(name in weights for name in ALGORITHMS)


def changes_bias(weights: Weights) -> bool:
    """Whether there is anything for the layer's bias."""
    return any(name in weights for name in (*BIASES, "up_bias"))
