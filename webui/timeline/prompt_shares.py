"""How much of every frame is each prompt's: by their keys, or by weights of their own.

A row with a weight of its own has that share of the picture at every frame, wherever its key
stands. What is left, 1 minus all of these, belongs to the rows without, which follow each other
by their keys. Weights that come to more than 1 are divided by their sum, as are those of a table
in which all rows have one; where they are all 0, the row whose key holds is alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from webui.timeline.easing import EASINGS, ease, easing_of
from webui.timeline.keyframes import Clock, number_series
from webui.timeline.problems import FormulaError

Array = npt.NDArray[np.float64]

LEAST = 0.001
"""A smaller share is none."""


@dataclass(frozen=True)
class Row:
    """One key of the table of prompts.

    Attributes:
        name: the key as written, for messages.
        frame: where it stands.
        positive, negative: its texts, global ones not included.
        blend: how it goes over into the next, empty for the animation's way.
        weight: a schedule of its own weight, empty for none.
    """

    name: str
    frame: float
    positive: str
    negative: str
    blend: str = ""
    weight: str = ""


def weight_series(row: Row, clock: Clock) -> Array:
    """A row's own weight at every frame, (frames,), 0 or more.

    Raises:
        FormulaError: it cannot be read, or is negative at some frame.
    """
    series = number_series(row.weight, clock)
    wrong = np.flatnonzero(series < 0)
    if len(wrong):
        frame = int(wrong[0])
        raise FormulaError("weight_negative", 0, frame=frame, value=f"{series[frame]:.4g}")
    return series


def shares(rows: Sequence[Row], own: Sequence[Array | None], frames: int, blend: str) -> Array:
    """The share of each row at every frame, (rows, frames), which add up to 1 at each frame.

    Args:
        rows: at least one, in the order of their frames, their ways readable.
        own: the weights that they have of their own, each (frames,).
        blend: the way of those that have none of their own.
    """
    made = np.stack([np.zeros(frames) if weight is None else weight for weight in own])
    others = [place for place, weight in enumerate(own) if weight is None]
    if others:
        left = np.clip(1 - made.sum(axis=0), 0, None)
        made[others] = left * _by_keys([rows[place] for place in others], frames, blend)
    total = made.sum(axis=0)
    empty = total < LEAST
    made[:, empty] = _by_keys(rows, frames, "step", own_ways=False)[:, empty]
    return made / np.where(empty, 1.0, total)


def _by_keys(rows: Sequence[Row], frames: int, blend: str, own_ways: bool = True) -> Array:
    """Each row from its key on, going over into the next; the first one before itself, too."""
    made = np.zeros((len(rows), frames))
    at = np.arange(frames, dtype=np.float64)
    begins = [row.frame for row in rows]
    holds = np.maximum(np.searchsorted(begins, at, side="right") - 1, 0)
    for place, row in enumerate(rows):
        here = np.flatnonzero(holds == place)
        made[place, here] = 1
        if place + 1 == len(rows):
            continue
        easing = easing_of((row.blend if own_ways else "") or blend) or EASINGS["step"]
        x = (at[here] - row.frame) / (begins[place + 1] - row.frame)
        share = np.clip(ease(easing, x), 0, 1)  # some easings go beyond their ends
        made[place, here] -= share
        made[place + 1, here] = share
    return made
