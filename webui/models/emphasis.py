"""How the weights of a prompt's words act on what the text encoder put out.

The modes are AUTOMATIC1111's. "None" and "Ignore" change nothing here; they differ in whether the
brackets are read at all.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

Emphasis = Literal["None", "Ignore", "Original", "No norm"]


def emphasise(encoded: Tensor, weights: Tensor, mode: Emphasis) -> Tensor:
    """Multiply each token by its weight.

    Args:
        encoded: (texts, tokens, width).
        weights: (texts, tokens).
        mode: "Original" then restores the mean over all of `encoded`, the other texts included.
    """
    if mode in ("None", "Ignore") or bool((weights == 1).all()):
        return encoded
    weighted = encoded * weights[..., None]
    if mode == "No norm":
        return weighted
    return weighted * (encoded.mean() / weighted.mean())
