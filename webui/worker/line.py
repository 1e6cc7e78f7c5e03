"""The worker's end of the line: streams, signs of life, and what is to stop."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

from pydantic import BaseModel

from webui.core.memory import Memory
from webui.core.wire import COMMAND, Beat, Cancel, Ended, Run, Skip, read_frame, write_frame

BEAT_SECONDS = 1.0
Watch = Callable[[Callable[[], Ended]], Ended]
"""Does a run's work, and watches code of extensions in it."""


def unwatched(work: Callable[[], Ended]) -> Ended:
    """The work alone."""
    return work()


class Line:
    """Reports may be sent from any thread; commands are read by one."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._lock = threading.Lock()

    def send(self, report: BaseModel, data: bytes = b"") -> None:
        """Send one report."""
        with self._lock:
            write_frame(self._outgoing, report, data)

    def receive(self) -> Run | Cancel | Skip | None:
        """Wait for the next command; None when the server is gone."""
        frame = read_frame(self._incoming)
        return None if frame is None else COMMAND.validate_python(frame[0])


class Control:
    """What the reading thread tells the run: which run is to stop, which batch to leave; and what
    the run has beats tell.

    Attributes:
        token: of the run in work.
        model, memory: what is used, and what there is of it.
        alive: told whenever the run gets on.
        watch: does what a run is about.
        beaten: told of each sign of life that is given.
        measure: tells what memory there is; asked while no run is in work.
    """

    def __init__(self) -> None:
        self.runs: queue.Queue[Run] = queue.Queue()
        self.token: int | None = None
        self.model: str | None = None
        self.memory: Memory | None = None
        self.measure: Callable[[], Memory] | None = None
        self.alive: Callable[[], None] = lambda: None
        self.watch: Watch = unwatched
        self.beaten: Callable[[], None] = lambda: None
        self._cancelled: set[int] = set()
        self._skipped: set[int] = set()

    def take(self, command: Cancel | Skip) -> None:
        """Note a command for a run (which may not have begun yet)."""
        (self._cancelled if command.kind == "cancel" else self._skipped).add(command.token)

    def cancelled(self, token: int) -> bool:
        """Whether the run is to stop."""
        return token in self._cancelled

    def skipped(self, token: int) -> bool:
        """Whether the batch in work is to be left; asking takes the note away."""
        if token not in self._skipped:
            return False
        self._skipped.discard(token)
        return True

    def begin(self, token: int) -> None:
        """A run starts."""
        self.token = token

    def end(self, token: int) -> None:
        """A run is over: forget what was said about it."""
        self.token = None
        self._cancelled.discard(token)
        self._skipped.discard(token)


def take_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the line for ourselves: whatever else prints goes to stderr, the worker's log."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdout = sys.stderr
    return incoming, outgoing


def read_commands(line: Line, control: Control) -> None:
    """Hand commands on until the server is gone; then end the process at once."""
    while command := line.receive():
        if isinstance(command, Run):
            control.runs.put(command)
        else:
            control.take(command)
    os._exit(0)  # crash-only: the ledger knows all; a run in work is of no use any more


def beat(line: Line, control: Control) -> None:
    """A sign of life every second, whatever the run is doing."""
    while True:
        try:
            if control.token is None and control.measure is not None:
                control.memory = control.measure()
            line.send(Beat(token=control.token, model=control.model, memory=control.memory))
            control.beaten()
        except OSError:
            os._exit(0)
        time.sleep(BEAT_SECONDS)
