"""News for whoever listens, from any thread to any event loop, with nobody able to hold it up.

A listener's mailbox holds no durable events, only how far the ledger goes; it reads them there.
Of news of the moment it holds the last of each job. So it is small however slow its reader is.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from webui.core.events import FINAL, Event, JobState, Progress, Started, WorkerState
from webui.jobs.records import Recorded

_ENDINGS = frozenset(str(state) for state in FINAL) | {str(JobState.INTERRUPTED)}


class News(NamedTuple):
    """What came since a mailbox was last emptied.

    Attributes:
        after, last: durable events later than `after` and up to `last` are to be read.
        moment: what was true of the worker and of running jobs after them.
    """

    after: int
    last: int
    moment: list[Event]


class Mailbox:
    """Of one listener. The hub changes it; only the listener's own event loop waits for it."""

    def __init__(self, owner: str | None, after: int) -> None:
        self.owner = owner
        self.after = after
        self.owed = True  # there may be durable events after `after`
        self.progress: dict[str, Progress] = {}
        self.worker: WorkerState | None = None
        self.rung = False
        self._loop = asyncio.get_running_loop()
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Wake the listener, from any thread, once until it has looked."""
        if not self.rung:
            self.rung = True
            with suppress(RuntimeError):  # its event loop is closed: it will not look again
                self._loop.call_soon_threadsafe(self._bell.set)

    async def wait(self) -> None:
        """Until there is something."""
        await self._bell.wait()
        self._bell.clear()


class Hub:
    """Knows the last news of the moment, and all mailboxes."""

    def __init__(self, last: int = 0) -> None:
        """last: id of the newest durable event."""
        self._lock = threading.Lock()
        self._mailboxes: set[Mailbox] = set()
        self._owners: dict[str, str] = {}
        self._progress: dict[str, Progress] = {}
        self._worker = WorkerState(state="starting")
        self._last = last

    def join(self, owner: str | None, after: int) -> Mailbox:
        """A mailbox that begins with the events after one, and with all that is true now."""
        box = Mailbox(owner, after)
        with self._lock:
            box.worker = self._worker
            box.progress = {
                job: progress
                for job, progress in self._progress.items()
                if owner in (None, self._owners[job])
            }
            self._mailboxes.add(box)
            box.ring()
        return box

    def leave(self, box: Mailbox) -> None:
        """The listener is gone."""
        with self._lock:
            self._mailboxes.discard(box)

    def take(self, box: Mailbox) -> News:
        """Empty a mailbox."""
        with self._lock:
            moment: list[Event] = [*box.progress.values()]
            if box.worker is not None:
                moment.append(box.worker)
            after = box.after if box.owed else self._last
            box.progress, box.worker, box.rung = {}, None, False
            box.after, box.owed = self._last, False
            return News(after, self._last, moment)

    def now(self) -> tuple[dict[str, Progress], WorkerState]:
        """The last news of each running job and of the worker."""
        with self._lock:
            return dict(self._progress), self._worker

    def recorded(self, events: Sequence[Recorded]) -> None:
        """Durable events stand in the ledger; what was said of their jobs before is old."""
        with self._lock:
            for event in events:
                self._last = event.id
                self._follow(event)
            owners = {event.owner for event in events}
            for box in self._mailboxes:
                if owners and (box.owner is None or box.owner in owners):
                    box.owed = True
                    box.ring()
                elif not box.owed:
                    box.after = self._last

    def progress(self, progress: Progress) -> None:
        """A running job got on; a preview stays until the next, or the next picture."""
        with self._lock:
            owner = self._owners.get(progress.job)
            if owner is None:
                return  # it does not run
            self._progress[progress.job] = _joined(self._progress.get(progress.job), progress)
            for box in self._mailboxes:
                if box.owner in (None, owner):
                    box.progress[progress.job] = _joined(box.progress.get(progress.job), progress)
                    box.ring()

    def worker(self, state: WorkerState) -> None:
        """The worker is in another state."""
        with self._lock:
            if state == self._worker:
                return
            self._worker = state
            for box in self._mailboxes:
                box.worker = state
                box.ring()

    def _follow(self, recorded: Recorded) -> None:
        """Know whose the running jobs are; what was said of this one before is old."""
        event = recorded.event
        if isinstance(event, WorkerState):
            return
        for box in self._mailboxes:
            box.progress.pop(event.job, None)
        if isinstance(event, Started):
            self._owners[event.job] = recorded.owner
        elif event.kind in _ENDINGS:
            self._progress.pop(event.job, None)
            self._owners.pop(event.job, None)


def _joined(old: Progress | None, new: Progress) -> Progress:
    if new.preview is None and old is not None and old.preview and old.image == new.image:
        return new.model_copy(update={"preview": old.preview})
    return new
