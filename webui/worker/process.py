"""The worker process: commands in on stdin, reports out on stdout, one run at a time.

Started by the server as `python -m webui.worker.process`. It ends when its stdin closes, so that
nothing is left behind when the server is killed.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel

from webui.core.errors import Problem, UserError
from webui.core.paths import Paths
from webui.core.wire import COMMAND, Beat, Cancel, Ended, Run, Skip, read_frame, write_frame

BEAT_SECONDS = 1.0


class Line:
    """Our end of the line: reports may be sent from any thread."""

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
    """What the reading thread tells the run: which run is to stop, which batch to leave."""

    def __init__(self) -> None:
        self.runs: queue.Queue[Run] = queue.Queue()
        self.token: int | None = None
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
            line.send(Beat(token=control.token))
        except OSError:
            os._exit(0)
        time.sleep(BEAT_SECONDS)


def parse(arguments: list[str]) -> Paths:
    """The folders, as the server passes them on."""
    parser = argparse.ArgumentParser(prog="webui.worker.process")
    for name in ("data", "models", "outputs"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    return Paths.choose(**vars(parser.parse_args(arguments)))


def main(arguments: list[str]) -> None:
    """Serve runs for ever."""
    line = Line(*take_standard_streams())
    control = Control()
    paths = parse(arguments)
    threading.Thread(target=beat, args=(line, control), daemon=True).start()
    threading.Thread(target=read_commands, args=(line, control), daemon=True).start()
    from webui.worker.runner import Runner  # loads torch: seconds, while signs of life go out

    runner = Runner(paths, line.send, control)
    line.send(runner.ready())
    while True:
        run = control.runs.get()
        control.begin(run.token)
        line.send(execute(runner, run))
        control.end(run.token)


def execute(runner: object, run: Run) -> Ended:
    """The job boundary: whatever goes wrong in a run ends that run alone."""
    from webui.worker.runner import Runner

    assert isinstance(runner, Runner)
    try:
        return runner.run(run)
    except UserError as error:
        problem = error.problem
    except Exception as error:  # noqa: BLE001  the job boundary
        problem = unexpected(error)
    return Ended(token=run.token, outcome="failed", problem=problem)


def unexpected(error: Exception) -> Problem:
    """A failure that nobody foresaw: its trace goes to the log, its name to the user."""
    import traceback

    traceback.print_exception(error, file=sys.stderr)
    return UserError("unexpected", reason=f"{type(error).__name__}: {error}"[:300]).problem


if __name__ == "__main__":
    main(sys.argv[1:])
