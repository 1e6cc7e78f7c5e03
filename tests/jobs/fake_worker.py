"""A worker without models: speaks the real line, and misbehaves as the prompt says.

The prompt is words: `slow` (a tenth of a second a picture), `die=2` (at picture 2), `once` (only
the first time), `hang=1`, `deaf` (does not hear a cancel), `flood`, `garbage`, `late` (also sends
with the token before), `child` (leaves a process behind), `fail`, `batch` (waits for a skip).
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel

from tests.fake_worker import MEMORY
from webui.core.errors import UserError
from webui.core.events import Progress
from webui.core.offers import INTERPOLATORS, Offers, ToolInfo
from webui.core.wire import (
    COMMAND,
    Beat,
    Cancel,
    Ended,
    Made,
    News,
    Ready,
    Run,
    Skip,
    read_frame,
    write_frame,
)

BETWEEN = (*INTERPOLATORS, ToolInfo(name="Fade", title={"en": "Fade in", "pl": "Przenikanie"}))
BEAT_SECONDS = 0.1
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


class Worker:
    def __init__(self, data: Path, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self.data = data
        self.incoming, self.outgoing = incoming, outgoing
        self.lock = threading.Lock()
        self.cancelled: set[int] = set()
        self.skipped: set[int] = set()
        self.runs: list[Run] = []
        self.came = threading.Semaphore(0)
        self.beating = True

    def send(self, report: BaseModel, data: bytes = b"") -> None:
        with self.lock:
            write_frame(self.outgoing, report, data)

    def listen(self) -> None:
        while frame := read_frame(self.incoming):
            command = COMMAND.validate_python(frame[0])
            if isinstance(command, Cancel):
                self.cancelled.add(command.token)
            elif isinstance(command, Skip):
                self.skipped.add(command.token)
            else:
                self.runs.append(command)
                self.came.release()
        os._exit(0)

    def beat(self) -> None:
        while True:
            if self.beating:
                self.send(Beat(model="fake", memory=MEMORY))
            time.sleep(BEAT_SECONDS)

    def work(self) -> None:
        threading.Thread(target=self.listen, daemon=True).start()
        threading.Thread(target=self.beat, daemon=True).start()
        self.send(Ready(offers=Offers(device="fake device", interpolators=BETWEEN)))
        while True:
            self.came.acquire()
            self.run(self.runs.pop(0))

    def run(self, run: Run) -> None:
        words = dict(word.partition("=")[::2] for word in _prompt(run).split())
        for index in range(run.request.images):
            if index in run.done:
                continue
            if run.token in self.cancelled and "deaf" not in words:
                self.send(Ended(token=run.token, outcome="cancelled"))
                return
            self.misbehave(words, run, index)
            if "fail" in words:
                problem = UserError("unexpected", reason="as told").problem
                self.send(Ended(token=run.token, outcome="failed", problem=problem))
                return
            if run.token not in self.skipped:
                self.make(run, index, run.token)
            self.skipped.discard(run.token)
        self.send(Ended(token=run.token, outcome="finished"))

    def misbehave(self, words: dict[str, str], run: Run, index: int) -> None:
        mark = self.data / f"mark-{run.job}"
        once = "once" in words and mark.exists()
        if "slow" in words:
            time.sleep(0.1)
        if "child" in words and index == 0:
            self.send_pid(subprocess.Popen(SLEEP).pid)
        if words.get("die") == str(index) and not once:
            mark.touch()
            print("about to die", file=sys.stderr, flush=True)
            os._exit(3)
        if words.get("hang") == str(index) and not once:
            mark.touch()
            self.beating = False
            time.sleep(600)
        if words.get("garbage") == str(index):
            with self.lock:
                self.outgoing.write(b"Hello, I am a library that prints\n")
                self.outgoing.flush()
        if "late" in words:
            self.make(run, index, run.token - 1)
            self.send(Ended(token=run.token - 1, outcome="failed"))
        for number in range(3000 if "flood" in words else 1):
            self.send(News(token=run.token, progress=self.progress(run, index, number)))
        while "deaf" in words or ("batch" in words and run.token not in self.skipped):
            time.sleep(0.01)

    def send_pid(self, pid: int) -> None:
        with (self.data / "pids").open("a", encoding="utf-8") as file:
            file.write(f"{pid}\n")

    def progress(self, run: Run, index: int, number: int) -> Progress:
        return Progress(
            job=run.job,
            phase="sampling",
            step=number,
            steps=3000,
            image=index,
            images=run.request.images,
            preview=f"data:,{index}" if number == 0 else None,
        )

    def make(self, run: Run, index: int, token: int) -> None:
        made = Made(
            token=token,
            index=index,
            width=8,
            height=8,
            seed=_seed(run) + index,
            seconds=0.1,
            infotext=f"{_prompt(run)}\nSeed: {_seed(run) + index}",
        )
        self.send(made, picture(run.job, index))


def _prompt(run: Run) -> str:
    """Nothing where nothing is drawn, as when pictures are enlarged."""
    return getattr(run.request, "prompt", "")


def _seed(run: Run) -> int:
    return getattr(run.request, "seed", 0)


def picture(job: str, index: int) -> bytes:
    """What stands in for a picture's file."""
    return f"picture {index} of {job}\n".encode() * 1000


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    Worker(parser.parse_args().data, sys.stdin.buffer, sys.stdout.buffer).work()
