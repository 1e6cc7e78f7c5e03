"""Which seed each generated frame has.

A seed belongs to a generated frame: the frames that cadence fills in between take none. Everything
follows from the start seed, so a plan made twice is the same, and so is what `random` draws.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

Behavior = Literal["iter", "fixed", "random", "ladder", "alternate", "schedule"]

BEHAVIORS: tuple[Behavior, ...] = ("iter", "fixed", "random", "ladder", "alternate", "schedule")
LARGEST_START = 2**32 - 3
"""Deforum draws a start seed up to this one."""
SEEDS = 2**32


def start_seed(seed: int, draw: random.Random) -> int:
    """The seed that a run starts with; a negative one is drawn."""
    return seed if seed >= 0 else draw.randint(0, LARGEST_START)


def sequence(
    behavior: Behavior, start: int, count: int, draw: random.Random, repeat: int = 1
) -> list[int]:
    """The seeds of the generated frames one after the other, as Deforum counts them.

    Args:
        behavior: how they follow each other; `schedule` draws like `random` where its schedule
            says nothing.
        start: the first one.
        count: how many.
        draw: where random seeds come from; used count - 1 times.
        repeat: of `iter`, how many frames keep a seed; the first seed is used once all the same.
    """
    match behavior:
        case "iter":
            return _summed(start, [number % repeat == 0 for number in range(count - 1)])
        case "fixed":
            return [start] * count
        case "ladder":
            return _summed(start, [(2, -1)[number % 2] for number in range(count - 1)])
        case "alternate":
            return _summed(start, [(1, -1)[number % 2] for number in range(count - 1)])
        case _:
            return [start, *(draw.randint(0, SEEDS - 1) for _ in range(count - 1))][:count]


def _summed(start: int, steps: Sequence[int]) -> list[int]:
    return [start, *(start + int(total) for total in np.cumsum(steps, dtype=np.int64))]


def native_sequence(behavior: Behavior, start: int, count: int, repeat: int = 1) -> list[int]:
    """The seeds of native mode: within 0…2**32-1, and in `iter` each used `repeat` times."""
    if behavior == "iter":
        return [(start + number // repeat) % SEEDS for number in range(count)]
    seeds = sequence(behavior, start, count, random.Random(start))
    return [seed % SEEDS for seed in seeds]


def scheduled(series: npt.NDArray[np.float64]) -> list[int]:
    """The whole seeds of a schedule, cut like Deforum's; -1 has one drawn by the generator."""
    return [int(value) for value in series]


def drawn(seeds: Sequence[int], start: int) -> list[int]:
    """The seeds with each negative one drawn, from the start seed and the frame's number."""
    return [
        seed % SEEDS if seed >= 0 else random.Random(f"{start}:{frame}").randrange(SEEDS)
        for frame, seed in enumerate(seeds)
    ]
