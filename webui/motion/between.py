"""Pictures between two pictures, and a row of pictures at another pace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from webui.motion.flow import estimated, moved_by
from webui.motion.pictures import Levels, Picture, to_levels

_SAME = 1e-6
"""Share of a step below which a picture is shown as it is."""
_TRUSTED = 0.8
"""Share of the difference of two pictures that a flow may leave over: at a cut it leaves most."""


class Between:
    """What lies between two pictures of one size, (H, W, 3) RGB."""

    def __init__(self, first: Levels, second: Levels) -> None:
        self._first, self._second = first.astype(np.float32), second.astype(np.float32)
        self._there = estimated(first, second, "DIS Medium")
        self._back = estimated(second, first, "DIS Medium")
        if self._leads_nowhere():
            self._there, self._back = self._there * 0, self._back * 0

    def at(self, share: float) -> Levels:
        """Each moved along its flow to the other, and mixed; share: 0 the first, 1 the second."""
        older = moved_by(self._first, self._there, share)
        newer = moved_by(self._second, self._back, 1 - share)
        mixed = older + np.float32(share) * (newer - older)
        return to_levels(np.asarray(mixed, np.float32))

    def _leads_nowhere(self) -> bool:
        """Whether the one is not the other moved, as at a cut: then it only fades into it."""
        still = _distance(self._first, self._second)
        return _distance(moved_by(self._first, self._there), self._second) > _TRUSTED * still


def _distance(one: Picture, other: Picture) -> float:
    return float(np.abs(one - other).mean())


def retimed(
    pictures: Iterable[Levels], count: int, wanted: int, step: float, smooth: bool
) -> Iterator[Levels]:
    """Pictures at another pace, two of them held at a time.

    Args:
        count: how many there are.
        wanted: how many come out; behind the last one it stays.
        step: pictures that go by from one that comes out to the next.
        smooth: draw those between by optical flow; else the one before is shown.
    """
    given = iter(pictures)
    first, second = next(given, None), next(given, None)
    place, between = 0, None
    for number in range(wanted):
        at = min(number * step, count - 1)
        while first is not None and second is not None and place + 1 <= at + _SAME:
            first, second, between = second, next(given, None), None
            place += 1
        if first is None:
            return
        share = at - place
        if not smooth or second is None or share <= _SAME:
            yield first
            continue
        between = between or Between(first, second)
        yield between.at(share)
