"""OFT and BOFT: the outputs of a layer are rotated, block by block.

Qiu et al., "Controlling text-to-image diffusion by orthogonal finetuning", 2023; Liu et al.,
"Parameter-efficient orthogonal finetuning via butterfly factorization", 2024.
"""

from __future__ import annotations

import torch
from torch import Tensor

from webui.models.adapters.weights import Misfit, Weights


def delta(weights: Weights, original: Tensor) -> Tensor:
    """R^T W - W for OFT, B_m … B_1 W - W for BOFT; then a factor for each output (`rescale`).

    `oft_blocks` (blocks, b, b), for BOFT (m, blocks, b, b), is turned into a rotation by Cayley's
    transform of its antisymmetric part; `oft_diag` of early LyCORIS is one already. alpha bounds
    how far kohya's OFT may turn.
    """
    if "oft_diag" in weights:
        rotated = _rotated(weights["oft_diag"].to(original), original)
    else:
        blocks = weights["oft_blocks"].to(original)
        limit = weights.numbers.get("alpha", 0.0) * original.shape[0]
        rotation = _cayley(blocks, limit)
        turn = _butterfly if blocks.dim() == 4 else _rotated
        rotated = turn(rotation, original)
    if "rescale" in weights:
        factor = weights["rescale"].to(original)
        rotated = rotated * factor.reshape(-1, *[1] * (original.dim() - 1))
    return rotated - original


def _cayley(blocks: Tensor, limit: float) -> Tensor:
    """(I + Q)(I - Q)^-1 of the antisymmetric part Q of the blocks."""
    skew = blocks - blocks.transpose(-1, -2)
    if limit > 0:
        norm = skew.norm()
        skew = skew * ((norm.clamp(max=limit) + 1e-8) / (norm + 1e-8))
    eye = torch.eye(blocks.shape[-1], device=blocks.device, dtype=blocks.dtype)
    return (eye + skew) @ torch.linalg.inv(eye - skew)


def _rotated(rotation: Tensor, original: Tensor) -> Tensor:
    """Each block of outputs by the transpose of its own."""
    blocks, size, _ = rotation.shape
    _check(blocks * size, original)
    rows = original.reshape(blocks, size, -1)
    return (rotation.transpose(1, 2) @ rows).reshape(original.shape)


def _butterfly(rotations: Tensor, original: Tensor) -> Tensor:
    """Factor by factor; each mixes outputs that are twice as far apart as the last one's."""
    factors, blocks, size, _ = rotations.shape
    _check(blocks * size, original)
    rows = original.flatten(1) if original.dim() > 1 else original[:, None]
    for factor in range(factors):
        reach = 2**factor * (size // 2)
        if reach == 0 or rows.shape[0] % (2 * reach):
            raise Misfit(f"{tuple(rotations.shape)} for {tuple(original.shape)}")
        paired = _swapped(rows, 2, reach)
        turned = rotations[factor] @ paired.reshape(blocks, size, -1)
        rows = _swapped(turned.reshape(rows.shape), reach, 2)
    return rows.reshape(original.shape)


def _swapped(rows: Tensor, outer: int, inner: int) -> Tensor:
    """Rows numbered (c, outer, inner) in the order (c, inner, outer)."""
    parts = rows.reshape(-1, outer, inner, rows.shape[1])
    return parts.transpose(1, 2).reshape(rows.shape)


def _check(outputs: int, original: Tensor) -> None:
    if outputs != original.shape[0]:
        raise Misfit(f"{outputs} rotated of {original.shape[0]}")
