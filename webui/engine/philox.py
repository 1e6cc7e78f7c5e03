"""Normal numbers as an NVIDIA card draws them, on any machine.

Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) as
`torch.randn` uses it on CUDA, then Box and Muller's transform.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 10
_MULTIPLIERS = np.array([0xD2511F53, 0xCD9E8D57], dtype=np.uint64)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HIGH = np.uint64(32)
# the card rounds these two to float32 before it uses them
_SCALE = float(np.float32(2.3283064e-10))
_ANGLE = float(np.float32(2.3283064e-10 * 6.2831855))


def philox_normal(shape: Sequence[int], seed: int, draw: int = 0) -> NDArray[np.float32]:
    """One draw of a generator.

    Args:
        shape: of the result.
        seed: 64 bits.
        draw: how many draws the generator has made before.
    """
    count = math.prod(shape)
    first = np.full(count, draw, dtype=np.uint64)
    second = np.zeros(count, dtype=np.uint64)
    third = np.arange(count, dtype=np.uint64)
    fourth = np.zeros(count, dtype=np.uint64)
    keys = [seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF]
    for _ in range(_ROUNDS):
        one, other = first * _MULTIPLIERS[0], third * _MULTIPLIERS[1]
        first = (other >> _HIGH) ^ second ^ np.uint64(keys[0])
        second = other & _LOW
        third = (one >> _HIGH) ^ fourth ^ np.uint64(keys[1])
        fourth = one & _LOW
        keys = [(key + step) & 0xFFFFFFFF for key, step in zip(keys, _KEY_STEPS, strict=True)]
    radius = np.sqrt(-2 * np.log(first * _SCALE + _SCALE / 2))
    angle = second * _ANGLE + _ANGLE / 2
    return (radius * np.sin(angle)).astype(np.float32).reshape(shape)
