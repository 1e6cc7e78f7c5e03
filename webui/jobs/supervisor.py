"""Keeps one worker running and gives it one job after the other; judges it by its signs of life.

One thread does it all. Reports come through a bounded queue, so a worker that floods it waits.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue, SimpleQueue
from typing import Literal, Protocol

from webui.core.blackbox import last_call
from webui.core.errors import Problem, UserError
from webui.core.events import WorkerState
from webui.core.memory import Memory
from webui.core.offers import Offers
from webui.core.paths import Paths
from webui.core.requests import Request
from webui.core.traces import last_own
from webui.core.wire import (
    Beat,
    Beside,
    Broken,
    Cancel,
    Ended,
    Made,
    News,
    Ready,
    Report,
    Run,
    Skip,
)
from webui.jobs.child import Child
from webui.jobs.hub import Hub
from webui.jobs.runs import Runs
from webui.jobs.worker_log import WorkerLog

TICK = 0.25


@dataclass(frozen=True)
class Timing:
    """Seconds.

    Attributes:
        silence: without a sign of life after which a worker is taken for dead.
        starting: the same until it is ready; loading libraries can hold everything up.
        patience: from a cancel until a worker that does not stop is ended.
        back_off: before the next start, by how many times in a row a worker died.
    """

    silence: float = 10.0
    starting: float = 120.0
    patience: float = 30.0
    back_off: tuple[float, ...] = (0, 1, 2, 5, 15, 30, 60)


class Judged(Protocol):
    """Extensions, whose failures are counted."""

    def folders(self) -> Mapping[str, Path]:
        """Their names and folders."""
        ...

    def blame(self, name: str, problem: Problem) -> None:
        """One failed."""
        ...

    def learn(self, problems: Mapping[str, Problem]) -> None:
        """These are broken beside the model."""
        ...

    def praise(self, request: Request) -> None:
        """None failed in this one."""
        ...


class Supervisor:
    """The worker's keeper; `wake` it when there is something to do."""

    def __init__(
        self,
        paths: Paths,
        command: Sequence[str],
        runs: Runs,
        hub: Hub,
        offered: Callable[[Offers], None],
        timing: Timing,
        extensions: Judged | None = None,
    ) -> None:
        """Begin nothing yet.

        Args:
            extensions: are told how jobs ended.
        """
        self._extensions = extensions
        self._paths = paths
        self._command = command
        self._runs = runs
        self._hub = hub
        self._offered = offered
        self._timing = timing
        self._log = WorkerLog(paths.worker_log)
        self._inbox: Queue[tuple[Child, Report | None, bytes] | None] = Queue(maxsize=16)
        self._skips: SimpleQueue[str] = SimpleQueue()
        self._stopping = threading.Event()
        self._look = threading.Event()  # there may be a job to begin, or a wish to pass on
        self._thread = threading.Thread(target=self._work, name="supervisor", daemon=True)
        # Only the thread uses these.
        self._child: Child | None = None
        self._ready = False
        self._run: Run | None = None
        self._cancelled: float | None = None
        self._deaths = 0
        self._next_start = 0.0
        self._state = WorkerState(state="starting")
        self._memory: Memory | None = None

    @property
    def memory(self) -> Memory | None:
        """What the worker last told of memory, None while there is none. From any thread."""
        return self._memory

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker and the thread. Nobody needs it; killing the process is as good."""
        self._stopping.set()
        self.wake()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """The ledger has something new: a job, or a wish to cancel one."""
        self._look.set()
        with suppress(Full):  # then it is awake
            self._inbox.put_nowait(None)

    def skip(self, job: str) -> None:
        """Let the worker leave the batch in work, if it is this job's."""
        self._skips.put(job)
        self.wake()

    def _work(self) -> None:
        while not self._stopping.is_set():
            before = time.monotonic()
            try:
                self._tend()
                self._take()
            except UserError as error:  # of the ledger: better no worker than one not written down
                self._lose(error.problem)
            except Exception as error:  # noqa: BLE001  the job boundary
                traceback.print_exception(error, file=sys.stderr)
                reason = f"{type(error).__name__}: {error}"[:300]
                self._lose(UserError("unexpected", reason=reason).problem)
            if self._child and time.monotonic() - before > self._timing.silence / 2:
                self._child.heard = time.monotonic()  # the machine slept, or we were held up
        if self._child:
            self._child.kill()

    def _take(self) -> None:
        with suppress(Empty):
            if item := self._inbox.get(timeout=TICK):
                self._hear(*item)

    def _tend(self) -> None:
        now = time.monotonic()
        if self._child is None:
            if now >= self._next_start:
                self._start()
        elif now - self._child.heard > self._limit():
            self._lose(self._silent())
        elif self._ready and self._look.is_set():
            self._look.clear()
            self._begin(self._child) if self._run is None else self._pass_on(self._child)
        elif self._cancelled and now - self._cancelled > self._timing.patience:
            self._lose(UserError("worker_stubborn").problem)

    def _limit(self) -> float:
        return self._timing.silence if self._ready else self._timing.starting

    def _start(self) -> None:
        self._runs.interrupt(self._state.problem or UserError("server_stopped").problem)
        self._tell("starting")
        try:
            self._child = Child(self._command, self._log, self._paths.worker_record, self._receive)
        except OSError as error:
            raise UserError("worker_no_start", reason=str(error)) from error

    def _begin(self, child: Child) -> None:
        self._run = self._runs.begin()
        if self._run is not None:
            child.send(self._run)
        self._tell("busy" if self._run else "ready", self._state.model)

    def _pass_on(self, child: Child) -> None:
        assert self._run is not None
        if self._cancelled is None and self._runs.cancelling(self._run.token):
            self._cancelled = time.monotonic()
            child.send(Cancel(token=self._run.token))
        with suppress(Empty):
            while True:
                if self._skips.get_nowait() == self._run.job:
                    child.send(Skip(token=self._run.token))

    def _receive(self, child: Child, report: Report | None, data: bytes) -> None:
        """In a thread of the child's: hand on a report as soon as there is room."""
        while not self._stopping.is_set():
            with suppress(Full):
                self._inbox.put((child, report, data), timeout=1)
                return

    def _hear(self, child: Child, report: Report | None, data: bytes) -> None:
        if child is not self._child:
            return  # of one that is gone
        child.heard = time.monotonic()
        match report:
            case None:
                self._lose(self._died(child))
            case Ready():
                self._ready = True
                self._look.set()
                self._state = self._state.model_copy(update={"device": report.offers.device})
                self._offered(report.offers)
            case Broken():
                self._learn(report)
            case Beat():
                self._memory = report.memory
                self._tell(self._state.state, report.model)
            case News():
                if self._run and report.token == self._run.token:
                    self._hub.progress(report.progress)
            case Made():
                if not self._runs.made(report, data) and self._cancelled is None:
                    self._cancelled = time.monotonic()
                    child.send(Cancel(token=report.token))
            case Beside():
                self._runs.beside(report, data)
            case Ended():
                self._end(report)

    def _learn(self, report: Broken) -> None:
        if self._extensions is not None:
            self._extensions.learn(report.problems)

    def _end(self, report: Ended) -> None:
        self._runs.ended(report)
        if self._run and report.token == self._run.token:
            self._judge(report, self._run.request)
            self._run = self._cancelled = None
            self._deaths = 0
            self._look.set()

    def _judge(self, report: Ended, request: Request) -> None:
        """Extensions that fail job after job are left out."""
        if self._extensions is None:
            return
        problem = report.problem
        if problem is not None and problem.code in ("extension", "extension_slow"):
            self._extensions.blame(str(problem.values["name"]), problem)
        elif report.outcome == "finished":
            self._extensions.praise(request)

    def _silent(self) -> Problem:
        seconds = round(self._limit())
        named = self._blamed("extension_slow", seconds=seconds)
        return named or UserError("worker_silent", seconds=seconds).problem

    def _blamed(self, code: str, **told: str | int) -> Problem | None:
        """What is said of the extension in whose code the worker came to its end, if in any."""
        call = last_call(self._paths.worker_call)
        if call is None and self._extensions is not None:
            call = last_own(self._paths.worker_trace, self._extensions.folders())
        if call is None:
            return None
        name, hook = call
        problem = UserError(code, None, name=name, hook=hook, **told).problem
        if self._extensions is not None:
            self._extensions.blame(name, problem)
        return problem

    def _died(self, child: Child) -> Problem:
        if child.nonsense is not None:
            return UserError("worker_garbled", reason=child.nonsense).problem
        reason = child.ending()
        child.kill()
        child.join()
        words = self._log.last_words()
        if named := self._blamed("extension_died", reason=reason):
            return named
        return UserError("worker_died", reason=f"{reason}: {words}" if words else reason).problem

    def _lose(self, problem: Problem) -> None:
        """There is no worker any more: say so, write it down, and start the next one in a while."""
        if self._child is not None:
            self._child.kill()
        self._child = self._run = self._cancelled = self._memory = None
        self._ready = False
        steps = self._timing.back_off
        self._next_start = time.monotonic() + steps[min(self._deaths, len(steps) - 1)]
        self._deaths += 1
        self._tell("dead", problem=problem)
        with suppress(UserError):  # tried again before the next start
            self._runs.interrupt(problem)

    def _tell(
        self,
        state: Literal["starting", "ready", "busy", "dead"],
        model: str | None = None,
        problem: Problem | None = None,
    ) -> None:
        device = self._state.device
        self._state = WorkerState(state=state, device=device, model=model, problem=problem)
        self._hub.worker(self._state)
