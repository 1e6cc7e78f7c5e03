"""Kill server and worker at random; what was acknowledged is never lost, doubled or halved."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.jobs.fake_worker import picture
from tests.jobs.setting import check_integrity, is_gone, paths_in, reopened, until
from webui.core.events import FINAL, Job, JobState
from webui.jobs.queue import Jobs

OWNERS = ("a" * 32, "b" * 32)


class Server:
    """A server's process, loaded but not yet started, and what it acknowledged."""

    def __init__(self, folder: Path, acknowledged: dict[str, int], cancelled: set[str]) -> None:
        command = [sys.executable, "-m", "tests.jobs.server", str(folder), "--loaded"]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, encoding="utf-8", **pipes)
        self.acknowledged = acknowledged
        self.cancelled = cancelled

    def start(self) -> None:
        assert self.ask(start=True) == "up"

    def answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def ask(self, **values: Any) -> str:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(values) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def submit(self, chance: random.Random) -> None:
        count = chance.randint(1, 4)
        request = {"prompt": chance.choice(["slow", "x"]), "batch_count": count}
        if job := self.ask(request=request, owner=chance.choice(OWNERS)):
            self.acknowledged[job] = count

    def cancel(self, chance: random.Random) -> None:
        job = chance.choice(list(self.acknowledged))
        if self.ask(cancel=job):
            self.cancelled.add(job)

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self) -> None:
        workers = self.workers()
        self.process.kill()
        self.process.wait()
        until(lambda: all(is_gone(one.pid) for one in workers))
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            with suppress(OSError):
                pipe.close()


@contextmanager
def looking(folder: Path) -> Generator[Jobs]:
    """Jobs right after a death, their worker not yet started."""
    jobs = reopened(paths_in(folder))
    yield jobs
    jobs.close()


def check(jobs: Jobs, folder: Path, acknowledged: dict[str, int], cancelled: set[str]) -> None:
    """Nothing lost, nothing twice, nothing half."""
    known = {job.id: job for job in jobs.list(None, limit=10**6)}
    assert acknowledged.keys() <= known.keys()
    for job in known.values():
        check_job(jobs, job)
    for id in cancelled:
        assert known[id].state in FINAL
    told = [one.file for job in known.values() for one in job.pictures]
    files = [str(path) for path in paths_in(folder).outputs.rglob("*") if path.is_file()]
    assert sorted(files) == sorted(filter(None, told))
    check_integrity(paths_in(folder))


def check_job(jobs: Jobs, job: Job) -> None:
    places = [one.index for one in job.pictures]
    assert len(set(places)) == len(places) <= job.request.images
    for one in job.pictures:
        assert jobs.picture_data(one.id) == picture(job.id, one.index)
        assert one.seed == job.request.seed + one.index
    if job.state is JobState.FINISHED:
        assert len(places) == job.request.images


def kill_again_and_again(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    acknowledged: dict[str, int] = {}
    cancelled: set[str] = set()
    done = 0
    following = Server(folder, acknowledged, cancelled)
    while done < kills:
        server = following
        server.start()
        following = Server(folder, acknowledged, cancelled)
        for _ in range(chance.randint(1, 3)):
            for _ in range(chance.randint(1, 4)):
                server.submit(chance)
            if chance.random() < 0.3:
                server.cancel(chance)
            time.sleep(chance.random() / 2)
            for worker in server.workers() if chance.random() < 0.6 else ():
                with suppress(psutil.NoSuchProcess):
                    worker.kill()
                done += 1
        server.kill()
        done += 1
        with looking(folder) as jobs:
            check(jobs, folder, acknowledged, cancelled)
    following.kill()
    jobs = reopened(paths_in(folder))
    jobs.start()
    until(lambda: all(job.state in FINAL for job in jobs.list(None, limit=10**6)))
    check(jobs, folder, acknowledged, cancelled)
    states = [jobs.get(id).state for id in acknowledged]
    assert states.count(JobState.FINISHED) > len(states) / 2
    assert JobState.FAILED not in states
    jobs.close()
    until(lambda: psutil.Process().children() == [])
    with sqlite3.connect(paths_in(folder).ledger) as db:
        assert db.execute("SELECT COUNT(*) FROM leases").fetchone() == (0,)
    db.close()


def test_a_dozen_kills(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, 12, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("seed", [2, 3])
def test_many_kills(tmp_path: Path, seed: int) -> None:
    kill_again_and_again(tmp_path, 60, seed)
