"""Whose job is next: by priority, then the owners in turn, each with his oldest job."""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import NamedTuple


class Waiting(NamedTuple):
    """A job that waits.

    Attributes:
        number: age, older jobs have smaller ones.
        turn: when its owner last had a turn, as a growing number; 0 for never.
    """

    number: int
    id: str
    owner: str
    priority: int
    turn: int


def in_turn(jobs: Iterable[Waiting]) -> list[Waiting]:
    """The order in which they run if no other comes.

    Of the owners with a job of the highest priority it is the turn of the one who had none for
    longest, so that one user's hundred jobs do not keep another's single one waiting.
    """
    ranked = sorted(jobs, key=lambda job: (-job.priority, job.number))
    turns = {job.owner: job.turn for job in ranked}
    clock = max(turns.values(), default=0)
    ordered: list[Waiting] = []
    levels: dict[int, dict[str, deque[Waiting]]] = defaultdict(lambda: defaultdict(deque))
    for job in ranked:
        levels[job.priority][job.owner].append(job)
    for queues in levels.values():
        heap = [(turns[owner], queue[0].number, owner) for owner, queue in queues.items()]
        heapq.heapify(heap)
        while heap:
            _, _, owner = heapq.heappop(heap)
            ordered.append(queues[owner].popleft())
            clock += 1
            turns[owner] = clock
            if queues[owner]:
                heapq.heappush(heap, (clock, queues[owner][0].number, owner))
    return ordered
