"""Extensions' code called with a limit of time and of output, so that none holds up the others.

Beside the page each call has a thread: who waits goes on when the time is up. Beside the model a
call is made where it is (the device belongs to that thread), and a watchdog raises `TimeUp` in it;
if even that does not end it (it sleeps, or waits in a library), the process has to end. There, what
runs without having been called by a hook is watched, too (see `lookout`).
"""

from __future__ import annotations

import contextvars
import ctypes
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from webui.core.flood import limited_output
from webui.core.heavy import beside_the_page
from webui.core.lookout import Lookout

PAGE_SECONDS = 30.0
MODEL_SECONDS = 300.0
GRACE_SECONDS = 10.0
TICK = 0.25


class TimeUp(BaseException):
    """Raised in the midst of code that takes too long. No `except Exception` holds it up."""


class TooSlow(Exception):
    """A call took longer than it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer for {seconds:g} seconds")
        self.seconds = seconds


class Isolation(Protocol):
    """Calls extensions' code."""

    def call(
        self, name: str, hook: str, seconds: float | None, function: Callable[[], Any], /
    ) -> Any:
        """What the function returns.

        Args:
            seconds: it may take; None: what is usual.

        Raises:
            TooSlow: it took too long.
        """
        ...


class Direct:
    """Each call as it is, without a limit: for commands of the shell, and for tests."""

    def call(
        self, name: str, hook: str, seconds: float | None, function: Callable[[], Any], /
    ) -> Any:
        return function()


class Threads:
    """Each call in a thread of its own."""

    def __init__(self, seconds: float = PAGE_SECONDS) -> None:
        self._seconds = seconds

    def call(
        self, name: str, hook: str, seconds: float | None, function: Callable[[], Any], /
    ) -> Any:
        results: list[Any] = []
        errors: list[BaseException] = []

        def work() -> None:
            try:
                with beside_the_page(), limited_output(name):
                    results.append(function())
            except BaseException as error:  # noqa: BLE001  raised again where it was called
                errors.append(error)

        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(work,), name=name, daemon=True)
        thread.start()
        limit = seconds or self._seconds
        thread.join(limit)
        if thread.is_alive():
            _raise_in(thread.ident, TimeUp)
            raise TooSlow(limit)
        if errors:
            raise errors[0]
        return results[0]


@dataclass
class _Frame:
    """A call that is being made; `until` is on the clock of `time.monotonic`."""

    name: str
    hook: str
    seconds: float
    thread: int
    until: float = 0.0
    fired: bool = False


def _usual(name: str) -> None:
    """No time of its own."""


@dataclass
class Watchdog:
    """Calls where they are made, watched from a thread.

    Attributes:
        seconds: that a call may take without a sign of life.
        grace: until what does not end at `TimeUp` is given up.
        stuck: told (extension, hook, seconds) then; ends the process.
        note: told of each call that begins, and of the one around it when it ends (None: none), for
            whoever finds a dead process.
        patience: seconds that an extension asks for, where no call tells them.
        steps: see `lookout.whose`.
    """

    seconds: float = MODEL_SECONDS
    grace: float = GRACE_SECONDS
    stuck: Callable[[str, str, float], None] | None = None
    note: Callable[[tuple[str, str] | None], None] | None = None
    patience: Callable[[str], float | None] = _usual
    steps: str = ""
    _frames: list[_Frame] = field(default_factory=list[_Frame])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None
    _work: Lookout | None = None

    def alive(self) -> None:
        """A sign of life: calls that are being made have their time anew."""
        now = time.monotonic()
        with self._lock:
            for frame in self._frames:
                frame.until = now + frame.seconds
            if self._work is not None:
                self._work.alive()

    def watch(self, work: Callable[[], Any]) -> Any:
        """What the work returns; in it, code of extensions that no hook called has a limit, too.

        Raises:
            Overdue: some took too long.
        """
        mine = Lookout(threading.get_ident(), self._limit, self.steps)
        with self._lock:
            self._work = mine
            self._begin_watching()
        try:
            return work()
        except TimeUp:
            if mine.fired is None:
                raise
            raise mine.fired from None
        finally:
            self._leave(mine)

    def _leave(self, work: Lookout) -> None:
        """Nothing is raised any more in what is done after it."""
        with suppress(TimeUp):
            self._work = None
            if work.fired is not None:
                time.sleep(TICK)
        self._work = None

    def _limit(self, name: str) -> float:
        return self.patience(name) or self.seconds

    def call(
        self, name: str, hook: str, seconds: float | None, function: Callable[[], Any], /
    ) -> Any:
        limit = seconds or self.seconds
        frame = _Frame(name, hook, limit, threading.get_ident(), time.monotonic() + limit)
        self._begin(frame)
        try:
            with limited_output(name):
                return function()
        except TimeUp:
            raise TooSlow(limit) from None
        finally:
            self._end(frame)

    def _begin(self, frame: _Frame) -> None:
        with self._lock:
            self._frames.append(frame)
            self._begin_watching()
        self._tell()

    def _begin_watching(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._thread.start()

    def _end(self, frame: _Frame) -> None:
        try:
            self._remove(frame)
        except TimeUp:
            self._remove(frame)
        if frame.fired:  # it may not have been raised yet, and is not to be raised in our code
            with suppress(TimeUp):
                time.sleep(TICK)
        self._tell()

    def _remove(self, frame: _Frame) -> None:
        with self._lock:
            self._frames = [one for one in self._frames if one is not frame]

    def _tell(self) -> None:
        if self.note is not None:
            last = self._frames[-1:]
            self.note((last[0].name, last[0].hook) if last else None)

    def _watch(self) -> None:
        while True:
            time.sleep(min(TICK, self.seconds / 4))
            now = time.monotonic()
            with self._lock:
                lost = self._look_at_calls(now) if self._frames else self._look_at_work(now)
                if self._frames and self._work is not None:
                    self._work.alive()  # what is called by a hook has its own time
            if lost is not None and self.stuck is not None:
                self.stuck(*lost)

    def _look_at_calls(self, now: float) -> tuple[str, str, float] | None:
        """End the first call that takes too long; what is told of one that does not end by it."""
        late = next((one for one in self._frames if now > one.until), None)
        if late is None:
            return None
        given_up = late.fired
        late.fired, late.until = True, now + self.grace
        if not given_up:
            _raise_in(late.thread, TimeUp)
        return (late.name, late.hook, late.seconds) if given_up else None

    def _look_at_work(self, now: float) -> tuple[str, str, float] | None:
        """The same for code that no hook called."""
        work = self._work
        late = work and work.look(now)
        if work is None or late is None or (work.fired and now < work.until):
            return None
        if work.fired is not None:
            return late.name, late.hook, late.seconds
        work.fired, work.until = late, now + self.grace
        _raise_in(work.thread, TimeUp)
        return None


def _raise_in(thread: int | None, error: type[BaseException]) -> None:
    """Raise in another thread, as soon as it runs Python."""
    if thread is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
