"""A real process on a real line."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from queue import Queue

import pytest

from tests.jobs.setting import PATIENCE, is_gone, until
from webui.core.requests import Txt2Img
from webui.core.wire import Beat, Ended, Report, Run
from webui.jobs.child import Child, end_orphan
from webui.jobs.worker_log import WorkerLog

HEAD = """
import os, subprocess, sys, time
from webui.core.wire import *
out, into = sys.stdout.buffer, sys.stdin.buffer
"""
SLEEPER = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']{}).pid"


class Line:
    def __init__(self, folder: Path, code: str) -> None:
        self.inbox: Queue[tuple[Report | None, bytes]] = Queue()
        self.log = WorkerLog(folder / "worker.log")
        self.record = folder / "worker.json"
        command = [sys.executable, "-c", HEAD + code]
        self.child = Child(command, self.log, self.record, self.hear)

    def hear(self, child: Child, report: Report | None, data: bytes) -> None:
        assert child is self.child
        self.inbox.put((report, data))

    def next(self) -> tuple[Report | None, bytes]:
        return self.inbox.get(timeout=PATIENCE)


def test_commands_go_down_and_reports_come_up(tmp_path: Path) -> None:
    code = """
message, _ = read_frame(into)
write_frame(out, Beat(token=message["token"]), b"bytes")
read_frame(into)
print("over", file=sys.stderr)
sys.exit(4)
"""
    line = Line(tmp_path, code)
    line.child.send(Run(job="j", token=7, request=Txt2Img(prompt="x")))
    assert line.next() == (Beat(token=7), b"bytes")
    line.child.send(Ended(token=7, outcome="finished"))
    assert line.next() == (None, b"")
    assert line.child.ending() == "exit code 4"
    line.child.kill()
    line.child.join()
    assert line.log.last_words() == "over"
    line.child.send(Beat())  # nobody there, no matter


def test_a_worker_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    line = Line(tmp_path, "time.sleep(600)")
    start = time.monotonic()
    for _ in range(20):
        line.child.send(Run(job="j", token=1, request=Txt2Img(prompt="x" * 20_000)))
    assert time.monotonic() - start < 60
    line.child.kill()
    assert line.next() == (None, b"")


@pytest.mark.parametrize("said", ["b'hello\\n'", 'b\'{"bytes": 0, "message": {"kind": "x"}}\\n\''])
def test_nonsense_ends_the_line_and_is_kept(tmp_path: Path, said: str) -> None:
    line = Line(tmp_path, f"out.write({said}); out.flush(); time.sleep(600)")
    assert line.next() == (None, b"")
    assert line.child.nonsense
    line.child.kill()


@pytest.mark.parametrize("own_session", [False, True])
def test_a_kill_reaches_the_grandchildren(tmp_path: Path, own_session: bool) -> None:
    sleeper = SLEEPER.format(", start_new_session=True" if own_session else "")
    line = Line(tmp_path, f"write_frame(out, Beat(token={sleeper})); time.sleep(600)")
    report, _ = line.next()
    assert isinstance(report, Beat) and report.token
    assert not is_gone(report.token)
    line.child.kill()
    until(lambda: is_gone(report.token))
    assert line.next() == (None, b"")


def test_a_command_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        Child([str(tmp_path / "no")], WorkerLog(tmp_path / "log"), tmp_path / "r", lambda *_: None)


def test_a_worker_left_over_is_ended_and_nobody_else(tmp_path: Path) -> None:
    line = Line(tmp_path, "time.sleep(600)")
    known = json.loads(line.record.read_text(encoding="utf-8"))
    someone = tmp_path / "someone.json"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as other:
        # A process that got the number of a worker of long ago.
        someone.write_text(json.dumps({"pid": other.pid, "created": 1.0}), encoding="utf-8")
        end_orphan(someone)
        time.sleep(0.1)
        assert other.poll() is None
        other.kill()
    end_orphan(line.record)
    assert line.next() == (None, b"")
    assert line.child.ending() in ("SIGKILL", "exit code 1")
    until(lambda: is_gone(known["pid"]))
    line.child.kill()


@pytest.mark.parametrize("note", ["", "{}", "[]", '{"pid": "x"}', '{"pid": -5, "created": 1}'])
def test_a_broken_note_of_a_worker_is_no_trouble(tmp_path: Path, note: str) -> None:
    end_orphan(tmp_path / "nothing")
    (tmp_path / "note").write_text(note, encoding="utf-8")
    end_orphan(tmp_path / "note")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups of this kind")
def test_a_ctrl_c_in_the_terminal_is_not_for_the_worker(tmp_path: Path) -> None:
    line = Line(tmp_path, "write_frame(out, Beat(token=os.getpgrp())); time.sleep(600)")
    report, _ = line.next()
    assert isinstance(report, Beat)
    assert report.token != os.getpgrp()
    line.child.kill()
