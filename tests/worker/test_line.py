import io
import os
import subprocess
import sys
import threading

import pytest

from webui.core.memory import Memory
from webui.core.requests import Txt2Img
from webui.core.wire import Beat, Cancel, Run, Skip, read_frame, write_frame
from webui.worker.line import Control, Line, beat

RUN = Run(job="j", token=1, request=Txt2Img(prompt="x"))


def test_commands_arrive_in_order_and_then_the_end():
    stream = io.BytesIO()
    for command in (RUN, Cancel(token=1), Skip(token=1)):
        write_frame(stream, command)
    stream.seek(0)
    line = Line(stream, io.BytesIO())
    assert [line.receive() for _ in range(4)] == [RUN, Cancel(token=1), Skip(token=1), None]


def test_reports_of_many_threads_do_not_mix():
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as incoming, os.fdopen(writer, "wb") as outgoing:
        line = Line(io.BytesIO(), outgoing)
        threads = [
            threading.Thread(
                target=lambda token=token: [line.send(Beat(token=token), b"x" * 999)] * 1
            )
            for token in range(20)
        ]
        for thread in threads:
            thread.start()
        frames = [read_frame(incoming) for _ in threads]
        for thread in threads:
            thread.join()
    assert sorted(frame[0]["token"] for frame in frames if frame) == list(range(20))
    assert {frame[1] for frame in frames if frame} == {b"x" * 999}


def test_a_skip_counts_once_and_an_ended_run_is_forgotten():
    control = Control()
    control.begin(1)
    control.take(Skip(token=1))
    control.take(Cancel(token=1))
    assert (control.skipped(1), control.skipped(1)) == (True, False)
    assert control.cancelled(1) and not control.cancelled(2)
    control.end(1)
    assert not control.cancelled(1)
    assert control.token is None


def test_what_a_library_prints_does_not_reach_the_line():
    code = (
        "import os, sys\n"
        "from webui.core.wire import Beat\n"
        "from webui.worker.line import Line, take_standard_streams\n"
        "line = Line(*take_standard_streams())\n"
        "print('from python'); os.write(1, b'from C')\n"
        "line.send(Beat(token=5))\n"
        "print(line.receive() is None, repr(sys.stdin.read()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, check=True)
    frame = read_frame(io.BytesIO(done.stdout))
    beat = {"kind": "beat", "token": 5, "model": None, "memory": None}
    assert frame is not None and frame[0] == beat
    assert b"from python" in done.stderr and b"from C" in done.stderr
    assert b"True ''" in done.stderr


def test_beats_tell_what_memory_there_is_as_it_was_before_a_run(monkeypatch):
    told: list[Beat] = []
    amounts = iter(range(1, 100))
    control = Control()
    control.measure = lambda: Memory(free=next(amounts), total=100)

    class Ended(Exception):
        pass

    class Listening:
        def send(self, report):
            told.append(report)
            if len(told) == 2:
                control.begin(7)
            if len(told) == 4:
                control.end(7)
            if len(told) == 5:
                raise Ended

    monkeypatch.setattr("webui.worker.line.BEAT_SECONDS", 0)
    with pytest.raises(Ended):
        beat(Listening(), control)  # pyright: ignore[reportArgumentType]
    assert [one.memory and one.memory.free for one in told] == [1, 2, 2, 2, 3]
