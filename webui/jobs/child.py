"""A worker process and the threads that serve its three streams, so that nobody waits for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

import psutil
from pydantic import BaseModel, ValidationError

from webui.core.errors import UserError
from webui.core.files import write_atomically
from webui.core.paths import CLONE
from webui.core.wire import REPORT, BrokenFrame, Report, read_frame, write_frame
from webui.jobs.worker_log import WorkerLog

Receive = Callable[["Child", Report | None, bytes], None]
"""Told each report, and None at the end of the line. May block: the worker then waits."""


class Child:
    """A running worker."""

    def __init__(
        self, command: Sequence[str], log: WorkerLog, record: Path, receive: Receive
    ) -> None:
        """record: where its process id is kept, for the server after one that was killed.

        Raises:
            OSError: it cannot be started.
        """
        self._receive = receive
        self._log = log
        self._outbox: SimpleQueue[BaseModel | None] = SimpleQueue()
        self._process = _start(command)
        self.nonsense: str | None = None
        self.heard = time.monotonic()
        _remember(record, self._process.pid)
        assert self._process.stdin and self._process.stdout and self._process.stderr
        log.begin()
        streams = self._process.stdin, self._process.stdout, self._process.stderr
        tasks = zip((self._send, self._read, self._listen), streams, strict=True)
        self._threads = [threading.Thread(target=f, args=(s,), daemon=True) for f, s in tasks]
        for thread in self._threads:
            thread.start()

    def send(self, command: BaseModel) -> None:
        """Send a command; never waits, and what a dead worker is sent is lost."""
        self._outbox.put(command)

    def kill(self) -> None:
        """End it and whatever it started, at once."""
        if self._process.poll() is None:
            kill_tree(self._process.pid)
        if sys.platform != "win32":  # and those whose parent is gone
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._outbox.put(None)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)

    def join(self) -> None:
        """Wait a little for the threads of a killed one, so that its last words are read."""
        for thread in self._threads[2:]:
            thread.join(1)

    def ending(self) -> str:
        """How it ended by itself, for people who know their system: a signal or an exit code."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code = self._process.poll()
        if code is not None and code < 0:
            with suppress(ValueError):
                return signal.Signals(-code).name
        return "no exit" if code is None else f"exit code {code}"

    def _send(self, stream: BinaryIO) -> None:
        with suppress(OSError, ValueError), stream:
            while (command := self._outbox.get()) is not None:
                write_frame(stream, command)

    def _listen(self, stream: BinaryIO) -> None:
        with suppress(OSError, ValueError), stream:
            self._log.pump(stream)

    def _read(self, stream: BinaryIO) -> None:
        with suppress(OSError), stream:
            try:
                while frame := read_frame(stream):
                    self._receive(self, REPORT.validate_python(frame[0]), frame[1])
            except (BrokenFrame, ValidationError) as error:
                self.nonsense = str(error)[:200]
        self._receive(self, None, b"")


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """In a group of its own: a Ctrl-C in the server's terminal is not for it."""
    path = [str(CLONE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONUTF8": "1"},
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def kill_tree(pid: int) -> None:
    """End a process and all it started."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [*process.children(recursive=True), process]:
            with suppress(psutil.Error):
                one.kill()


def _remember(record: Path, pid: int) -> None:
    with suppress(psutil.Error, UserError):
        created = psutil.Process(pid).create_time()
        write_atomically(record, json.dumps({"pid": pid, "created": created}).encode())


def end_orphan(record: Path) -> None:
    """End the worker of a server that was killed, should it not have noticed."""
    with suppress(OSError, ValueError, KeyError, TypeError, psutil.Error):
        known = json.loads(record.read_text(encoding="utf-8"))
        if abs(psutil.Process(known["pid"]).create_time() - known["created"]) < 1:
            kill_tree(known["pid"])
