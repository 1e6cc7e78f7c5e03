"""The life of a run in the ledger: its lease, its pictures, its end, what follows a death."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from webui.core.animation import After, Animation
from webui.core.errors import Problem, UserError
from webui.core.events import Cancelled, Failed, Finished, Interrupted, Parked, Started
from webui.core.option_texts import Said
from webui.core.requests import Request
from webui.core.settings import Settings
from webui.core.texts import catalogue
from webui.core.wire import Beside, Ended, Made, Run
from webui.jobs.continuing import taken_over
from webui.jobs.enlarging import files_of
from webui.jobs.lanes import WORKER, Lane
from webui.jobs.ledger import Ledger, LedgerError
from webui.jobs.records import Lease, Writing
from webui.jobs.results import Results

ATTEMPTS = 3
"""After so many in a row that died without a new picture a job is parked.

A job that got on is never given up: it has only so many pictures left. A stop of the server counts
too, for all anybody knows the job took it down.
"""


class Runs:
    """What the supervisor says of runs, written down. A run is named by its lease's token."""

    def __init__(
        self,
        ledger: Ledger,
        results: Results,
        settings: Callable[[], Settings] = Settings,
        said: Callable[[Request], Said] = lambda request: {},
    ) -> None:
        """Begin nothing yet.

        Args:
            said: what pictures say of extensions' options.
        """
        self._said = said
        self._ledger = ledger
        self._results = results
        self._settings = settings

    def recover(self) -> None:
        """Take over after a stop of the server, which is always a kill.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        self._results.settle()
        self.interrupt(UserError("server_stopped").problem, lane=None)

    def begin(self, lane: Lane = WORKER) -> Run | None:
        """Lease the next job of a lane; None if none waits.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        run = self._lease(lane)
        if run is None or not isinstance(run.request, Animation) or run.request.after is None:
            return run
        try:
            return self._with_frames(run, run.request.after)
        except LedgerError:
            raise
        except UserError as error:  # frames of the job before are gone
            self.ended(Ended(token=run.token, outcome="failed", problem=error.problem))
            return self.begin(lane)

    def _with_frames(self, run: Run, after: After) -> Run:
        """The run with the frames of another job that are its own, copied one by one.

        Raises:
            UserError: one is gone, or cannot be read.
        """
        for frame in range(after.frame or 0):
            if frame not in run.done:
                with self._ledger.read() as reading:
                    picture = reading.picture(f"{after.job}-{frame}")
                self._results.commit(
                    taken_over(run.token, frame, picture), self._results.data(picture.id)
                )
        with self._ledger.read() as reading:
            return run.model_copy(update={"done": reading.made(run.job)})

    def _lease(self, lane: Lane) -> Run | None:
        with self._ledger.read() as reading:
            if not reading.waiting(lane):
                return None
        with self._ledger.write() as writing:
            waiting = writing.waiting(lane)
            if not waiting:
                return None
            id = waiting[0].id
            token = writing.begin(id, time.time())
            job = writing.bare(id)
            writing.add_event(Started(job=id, attempt=job.attempts, images=job.request.images))
            return Run(
                job=id,
                token=token,
                request=job.request,
                done=writing.made(id),
                settings=self._settings(),
                said=self._said(job.request),
                results=files_of(job.request, writing),
            )

    def cancelling(self, token: int) -> bool:
        """Whether the user wants the run to stop."""
        with self._ledger.read() as reading:
            lease = reading.lease(token)
        return lease is not None and lease.cancelling

    def made(self, made: Made, data: bytes | Path) -> bool:
        """A picture came.

        Returns:
            Whether to go on: an animation ends with a frame that cannot be saved, as it can be gone
            on with later, and most of its frames would be lost.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        picture = self._results.commit(made, data)
        if picture is None or picture.problem is None:
            return True
        with self._ledger.write() as writing:
            lease = writing.lease(made.token)
            if lease is None or writing.bare(lease.job).request.kind != "animation":
                return True
            writing.end(Failed(job=lease.job, problem=picture.problem), time.time())
        return False

    def beside(self, beside: Beside, data: bytes) -> None:
        """Something came that lies beside a frame.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        self._results.put_beside(beside, data)

    def ended(self, ended: Ended) -> None:
        """The worker says that the run is over; of no effect after its lease is.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        with self._ledger.write() as writing:
            lease = writing.lease(ended.token)
            if lease is None:
                return
            if ended.outcome == "finished":
                _finish(writing, lease.job, ended.text)
            elif ended.outcome == "cancelled":
                writing.end(Cancelled(job=lease.job), time.time())
            else:
                problem = ended.problem or UserError("unexpected", reason="?").problem
                writing.end(Failed(job=lease.job, problem=problem), time.time())

    def got_on(self, token: int) -> None:
        """A run without pictures made something that stays.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        with self._ledger.write() as writing:
            if lease := writing.lease(token):
                writing.got_on(lease.job)

    def interrupt(self, problem: Problem, lane: Lane | None = WORKER) -> None:
        """Nothing runs any more in a lane (None: in any): what is leased goes on later or is over.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        with self._ledger.write() as writing:
            for lease in writing.leases(lane):
                _interrupt(writing, lease, problem)


def _interrupt(writing: Writing, lease: Lease, problem: Problem) -> None:
    job = writing.job(lease.job)
    if job.pictures and len(job.pictures) == job.request.images:
        _finish(writing, job.id)
    elif lease.cancelling:
        writing.end(Cancelled(job=job.id), time.time())
    elif lease.futile >= ATTEMPTS:
        writing.end(Parked(job=job.id, problem=_parked(problem, lease.futile)), time.time())
    else:
        event = Interrupted(job=job.id, attempt=job.attempts, problem=problem)
        writing.end(event, time.time())


def _parked(problem: Problem, attempts: int) -> Problem:
    code = f"parked_{problem.code}"
    if f"error.{code}" in catalogue("en"):
        return UserError(code, None, **problem.values, attempts=attempts).problem
    told = UserError("parked", reason=problem.message, attempts=attempts).problem
    return told.model_copy(update={"cause": problem})


def _finish(writing: Writing, id: str, text: str | None = None) -> None:
    now = time.time()
    started = writing.bare(id).started or now
    seconds = round(max(0.0, now - started), 3)
    writing.end(Finished(job=id, seconds=seconds, text=text), now)
