"""Who does which jobs: each lane takes its own from the ledger and never those of another."""

from __future__ import annotations

from typing import Literal, get_args

Lane = Literal["worker", "chores"]
LANES: tuple[Lane, ...] = get_args(Lane)
WORKER: Lane = "worker"
"""Jobs that need a model, in a process of their own."""
CHORES: Lane = "chores"
"""Jobs that need none, in a thread of the server's."""

_CHORES = frozenset({"download", "film", "hash", "plot"})


def lane_of(kind: str) -> Lane:
    """The lane of a request's kind."""
    return CHORES if kind in _CHORES else WORKER
