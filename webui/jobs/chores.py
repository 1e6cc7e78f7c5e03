"""Does the jobs that need no model, one after the other, in a thread beside the worker.

They are leased from the same ledger, so a killed server goes on with them when it is up again.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from webui.core.errors import UserError
from webui.core.events import Phase, Progress
from webui.core.wire import Ended, Made, Run
from webui.jobs.hub import Hub
from webui.jobs.lanes import CHORES
from webui.jobs.ledger import LedgerError
from webui.jobs.runs import Runs

TOLD_SECONDS = 0.25
"""Between two news of a job."""
KEPT_SECONDS = 60.0
"""Between two notes that a job got on."""
_PAUSE = 1.0
_PATIENCE = 5.0
"""For a thread that waits for a name to be looked up, and goes with the process anyway."""
_SMOOTH_SECONDS = 10.0


class Stopped(Exception):
    """The job is not wanted any more, or the server ends."""


class Errand:
    """A job in work: what who does it may ask and tells."""

    def __init__(self, run: Run, runs: Runs, hub: Hub, look: threading.Event) -> None:
        """look: set when the job may be wanted no more."""
        self.settings = run.settings
        self._run = run
        self._runs = runs
        self._hub = hub
        self._look = look
        self._over = False
        self._told = self._kept = 0.0
        self._pace = Pace()

    @property
    def token(self) -> int:
        """Names the run."""
        return self._run.token

    @property
    def job(self) -> str:
        return self._run.job

    def made(self, made: Made, data: bytes | Path) -> None:
        """A file that is a result of the job, or where it lies: it is moved away from there."""
        self._runs.made(made, data)

    def check(self) -> None:
        """Called often: goes on only while the job is wanted.

        Raises:
            Stopped: it is not.
        """
        if self._look.is_set():
            self._look.clear()
            try:
                self._over = self._over or self._runs.cancelling(self._run.token)
            except LedgerError:  # asked again; it is no reason to give up gigabytes
                self._look.set()
        if self._over:
            raise Stopped

    def stop(self) -> None:
        """The server ends."""
        self._over = True

    def tell(self, phase: Phase, done: int, total: int | None) -> None:
        """How far it is, in bytes."""
        now = time.monotonic()
        rate = self._pace.rate(done, now)
        if now - self._told < TOLD_SECONDS and done != total:
            return
        self._told = now
        eta = (total - done) / rate if total and rate else None
        news = {"phase": phase, "step": done, "steps": total or 0, "eta": eta}
        self._hub.progress(Progress.model_validate({"job": self._run.job, **news}))

    def keep(self) -> None:
        """Something was made that stays: a job that gets on is never given up."""
        now = time.monotonic()
        if not self._kept or now - self._kept > KEPT_SECONDS:
            self._kept = now
            with suppress(LedgerError):
                self._runs.got_on(self._run.token)


class Pace:
    """Bytes a second, smoothed over some seconds."""

    def __init__(self) -> None:
        self._at: tuple[int, float] | None = None
        self._rate = 0.0

    def rate(self, done: int, now: float) -> float:
        """The pace after so many bytes; 0 while it is not known."""
        if self._at is None or done < self._at[0]:
            self._at = (done, now)
            self._rate = 0.0
        seconds = now - self._at[1]
        if seconds >= 1:
            fresh = (done - self._at[0]) / seconds
            weight = min(1.0, seconds / _SMOOTH_SECONDS) if self._rate else 1.0
            self._rate += (fresh - self._rate) * weight
            self._at = (done, now)
        return self._rate


Chore = Callable[[Any, Errand], str]
"""Does what a request asks for and returns the job's text; raises UserError."""


class Chores:
    """The lane; `wake` it when there is something to do."""

    def __init__(self, runs: Runs, hub: Hub, doers: Mapping[str, Chore]) -> None:
        """doers: by the kind of request."""
        self._runs = runs
        self._hub = hub
        self._doers = doers
        self._look = threading.Event()
        self._stopping = threading.Event()
        self._errand: Errand | None = None
        self._thread = threading.Thread(target=self._work, name="chores", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. What it does is left as a kill would leave it."""
        self._stopping.set()
        if errand := self._errand:
            errand.stop()
        self.wake()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)

    def wake(self) -> None:
        """The ledger has something new: a job, or a wish to cancel one."""
        self._look.set()

    def _work(self) -> None:
        while True:
            self._look.clear()
            if self._stopping.is_set():  # looked at after the clearing: no call to end gets lost
                return
            try:
                run = self._runs.begin(CHORES)
                if run is None:
                    self._look.wait()
                else:
                    self._do(run)
            except UserError as error:  # of the ledger: what could not be written is done again
                self._stopping.wait(_PAUSE)
                self._let_go(error)

    def _let_go(self, error: UserError) -> None:
        try:
            self._runs.interrupt(error.problem, CHORES)
        except UserError:
            return  # still of the ledger; the next round tries again

    def _do(self, run: Run) -> None:
        errand = self._errand = Errand(run, self._runs, self._hub, self._look)
        if self._stopping.is_set():
            return
        token = run.token
        try:
            text = self._doers[run.request.kind](run.request, errand)
            ended = Ended(token=token, outcome="finished", text=text)
        except Stopped:
            if self._stopping.is_set():
                return
            ended = Ended(token=token, outcome="cancelled")
        except UserError as error:
            ended = Ended(token=token, outcome="failed", problem=error.problem)
        except Exception as error:  # noqa: BLE001  the job boundary
            traceback.print_exception(error, file=sys.stderr)
            reason = f"{type(error).__name__}: {error}"[:300]
            problem = UserError("unexpected", reason=reason).problem
            ended = Ended(token=token, outcome="failed", problem=problem)
        self._runs.ended(ended)
