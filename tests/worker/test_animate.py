"""Animations as jobs: through the worker's run, and over kills."""

from __future__ import annotations

import io
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from tests.worker.test_runner import Server, run, runner
from webui.core.animation import Animation
from webui.core.wire import Cancel, Made
from webui.worker.line import Control

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "compat": "native", "prompts": {"0": "a cat"}, "max_frames": 7, "W": 64, "H": 64, "seed": 3,
    "steps": 2, "angle": "4", "strength_schedule": "0.5", "diffusion_cadence": 2,
}  # fmt: skip


def request(**settings) -> Animation:
    given = {**SETTINGS, **settings}
    frames = given["max_frames"]
    return Animation(settings=given, model="stub", noise_source="cpu", frames=frames)


@pytest.fixture
def server() -> Server:
    return Server(Control())


def test_every_frame_is_a_picture_of_the_job(server, tmp_path):
    assert runner(server, animations=tmp_path).run(run(request=request())).outcome == "finished"
    assert server.indices == list(range(7))
    for made, data in server.made:
        assert Image.open(io.BytesIO(data)).size == (64, 64)
        assert f"Frame: {made.index}" in made.infotext and made.infotext.startswith("a cat")


def test_frames_that_are_there_are_not_sent_again(server, tmp_path):
    runner(server, animations=tmp_path).run(run(request=request(), done=(0, 1, 4)))
    assert server.indices == [2, 3, 5, 6]
    whole = Server(Control())
    runner(whole, animations=tmp_path / "other").run(run(request=request()))
    wanted = {made.index: data for made, data in whole.made}
    assert all(data == wanted[made.index] for made, data in server.made)


def test_a_cancel_stops_between_frames(server, tmp_path):
    server.on = lambda report: (
        server.control.take(Cancel(token=4)) if isinstance(report, Made) else None
    )
    works = runner(server, animations=tmp_path)
    assert works.run(run(request=request())).outcome == "cancelled"
    assert server.indices == [0]
    assert list(tmp_path.glob("*/state.npz")), "what it can go on from is kept"


@pytest.mark.parametrize("mode", ["native", "deforum-3"])
def test_what_was_cancelled_goes_on_with_the_same_bytes(server, mode, tmp_path):
    asked = request(compat=mode, max_frames=9, angle="0:(4)", strength_schedule="0:(0.5)")
    whole = Server(Control())
    runner(whole, animations=tmp_path / "other").run(run(request=asked))
    wanted = {made.index: data for made, data in whole.made}

    server.on = lambda report: (
        server.control.take(Cancel(token=4))
        if isinstance(report, Made) and report.index == 3
        else None
    )
    works = runner(server, animations=tmp_path)
    assert works.run(run(request=asked, job="a" * 32)).outcome == "cancelled"
    there = server.indices
    assert 3 < len(there) < 8, "some are there"
    server.on = lambda report: None
    onward = asked.with_(after={"job": "a" * 32, "frame": len(there)})
    assert works.run(run(request=onward, job="b" * 32, token=5, done=tuple(there))).token == 5
    assert server.indices == sorted(wanted)
    assert {made.index: data for made, data in server.made} == wanted
    assert [one.name for one in (tmp_path / ("b" * 32)).iterdir()] == ["last.npz"]


@pytest.mark.parametrize("mode", ["native", "deforum-3"])
def test_what_is_finished_goes_on_from_its_end_as_if_it_had_been_longer(server, mode, tmp_path):
    told = {"compat": mode, "angle": "0:(4)", "strength_schedule": "0:(0.5)", "zoom": "0:(1.03)"}
    whole, longer = Server(Control()), request(**told, max_frames=13)
    runner(whole, animations=tmp_path / "other").run(run(request=longer))
    wanted = {made.index: data for made, data in whole.made}
    works = runner(server, animations=tmp_path)
    works.run(run(request=request(**told, max_frames=7), job="a" * 32))
    there = server.indices
    onward = longer.with_(after={"job": "a" * 32, "frame": len(there)})
    works.run(run(request=onward, job="b" * 32, token=5, done=tuple(there)))
    assert {made.index: data for made, data in server.made} == wanted


def test_frames_that_got_lost_on_the_way_are_drawn_again(server, tmp_path):
    works = runner(server, animations=tmp_path)
    works.run(run(request=request()))
    wanted = {made.index: data for made, data in server.made}
    server.made.clear()
    works.run(run(request=request(), done=(0, 1, 2, 4)))
    assert {made.index: data for made, data in server.made} == {
        index: wanted[index] for index in (3, 5, 6)
    }


def test_nothing_is_kept_of_a_motion_alone(server, tmp_path):
    asked = request().with_(motion_only=True)
    assert runner(server, animations=tmp_path).run(run(request=asked)).outcome == "finished"
    assert list(tmp_path.iterdir()) == []


LOADED = """
import os
import sys
from pathlib import Path
from tests.fakes import FakeModel
from webui.core.animation import Animation
from webui.core.files import write_atomically
from webui.engine.recipes import Tools
from webui.library.pictures import encode
from webui.prompt.infotext import build_infotext
from webui.worker.animate import animated

def draw(out, work, text):
    request = Animation.model_validate_json(text)
    done = {int(path.stem) for path in out.glob("*.png")}
    tools = Tools(model=lambda name: FakeModel(seconds=0.02))
    for drawn in animated(request, done, tools, work, lambda frame: None):
        infotext = build_infotext(drawn.parameters)
        write_atomically(out / f"{drawn.index}.png", encode(drawn.image, "png", 90, infotext))

while out := sys.stdin.readline().strip():
    work, text = Path(sys.stdin.readline().strip()), sys.stdin.readline()
    child = os.fork()
    if not child:
        code = 1
        try:
            draw(Path(out), work, text)
            code = 0
        finally:
            os._exit(code)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Has loaded all that draws, so that not every child to kill has to; says its id, then its end."""


class Parent:
    """Of one child after the other, each of which draws what is missing of an animation."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", LOADED],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # so that `has_ended` sees all that has come
        )

    def line(self) -> int:
        assert self.process.stdout
        return int(self.process.stdout.readline())

    def begin(self, out: Path, work: Path, asked: Animation) -> int:
        """A new child; its process id."""
        out.mkdir(exist_ok=True)
        assert self.process.stdin
        self.process.stdin.write(f"{out}\n{work}\n{asked.model_dump_json()}\n".encode())
        return self.line()

    def has_ended(self) -> bool:
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def parent() -> Iterator[Parent]:
    own = Parent()
    yield own
    own.end()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no such kill")
@pytest.mark.parametrize("mode", ["native", "deforum-3"])
def test_kills_at_any_moment_change_not_one_byte(tmp_path, mode, parent):
    asked = request(compat=mode, max_frames=16, diffusion_cadence=3, seed=5)
    asked = asked.with_(
        settings={**asked.settings, "angle": "0:(4)", "strength_schedule": "0:(0.5)"}
    )
    parent.begin(tmp_path / "whole", tmp_path / "a", asked)
    assert parent.line() == 0
    wanted = files(tmp_path / "whole")
    assert len(wanted) == {"native": 16, "deforum-3": 15}[mode]

    dice, kills = random.Random(7), 0
    while True:
        before = len(files(tmp_path / "cut")) if (tmp_path / "cut").exists() else 0
        child = parent.begin(tmp_path / "cut", tmp_path / "b", asked)
        end = time.monotonic() + 120
        more = dice.randint(1, 3)  # few and slow, so that twice at least some are missing
        while not parent.has_ended() and len(files(tmp_path / "cut")) < before + more:
            assert time.monotonic() < end
            time.sleep(0.002)
        if parent.has_ended():
            assert parent.line() == 0
            break
        time.sleep(dice.random() * 0.05)
        with suppress(ProcessLookupError):  # it may have ended just now
            os.kill(child, signal.SIGKILL)
        code = parent.line()
        assert code in (0, -signal.SIGKILL)
        if code == 0:
            break
        kills += 1
    assert kills >= 2
    assert files(tmp_path / "cut") == wanted
    assert [one.name for one in (tmp_path / "b").iterdir()] == ["last.npz"]


MEASURED = """
import sys
from pathlib import Path
import psutil
from tests.fakes import FakeModel
from webui.core.animation import Animation
from webui.engine.recipes import Tools
from webui.worker.animate import animated

request = Animation.model_validate_json(sys.argv[2])
model, me = FakeModel(), psutil.Process()
tools = Tools(model=lambda name: model)
start = most = count = 0
for drawn in animated(request, (), tools, Path(sys.argv[1]), lambda frame: None):
    count += 1
    most = max(most, me.memory_info().rss)
    start = start or most
print(count, (most - start) // 2**20)
"""


@pytest.mark.slow
def test_a_thousand_frames_stay_within_300_megabytes(tmp_path):
    asked = request(max_frames=1000, steps=1, diffusion_cadence=1, color_coherence="LAB")
    command = [sys.executable, "-c", MEASURED, str(tmp_path), asked.model_dump_json()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stderr
    count, megabytes = map(int, done.stdout.split())
    print(count, megabytes)
    assert count == 1000 and megabytes < 300, megabytes
