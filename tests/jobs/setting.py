"""A real queue with the fake worker, on a folder of its own."""

import asyncio
import sqlite3
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from webui.core.errors import UserError
from webui.core.events import FINAL, Event, Job
from webui.core.paths import Paths
from webui.core.plugins import Extensions
from webui.core.settings import Settings
from webui.jobs.queue import Jobs
from webui.jobs.supervisor import Timing
from webui.library.catalog import Catalog

STARTING = 120.0
"""Seconds that the start of a worker may take: a busy machine imports slowly."""
QUICK = Timing(silence=5.0, starting=STARTING, patience=0.5, back_off=(0,))
OWNER = "a" * 32
PATIENCE = 120.0
"""Seconds after which what was to happen is given up."""


def paths_in(folder: Path) -> Paths:
    return Paths(folder / "data", folder / "models", folder / "outputs")


def make_jobs(paths: Paths, timing: Timing = QUICK, **more: Any) -> Jobs:
    parts: dict[str, Any] = {
        "settings": Settings,
        "catalog": Catalog.of(paths),
        "extensions": Extensions([], "server"),
        "command": [sys.executable, "-m", "tests.jobs.fake_worker", str(paths.data)],
    }
    return Jobs(paths, timing=timing, **{**parts, **more})


def reopened(paths: Paths) -> Jobs:
    """Jobs right after a server was killed, whose worker may hold the folder for a moment still."""

    def opened() -> Jobs | None:
        try:
            return make_jobs(paths)
        except UserError as error:
            if error.problem.code != "data_in_use":
                raise
            return None

    return until(opened)


@contextmanager
def running(folder: Path, timing: Timing = QUICK, **more: Any) -> Generator[Jobs]:
    """Jobs with a worker, ended at the end."""
    jobs = make_jobs(paths_in(folder), timing, **more)
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.close()


def until(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until something is so, and return it."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return found


def is_gone(pid: int) -> bool:
    """Whether a process does nothing any more (who buries the dead may be slow, or nobody)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def ended(jobs: Jobs, job: Job, seconds: float = PATIENCE) -> Job:
    """The job when it is over."""
    until(lambda: jobs.get(job.id).state in FINAL, seconds)
    return jobs.get(job.id)


def heard(jobs: Jobs, owner: str | None, stop: Callable[[Event], bool]) -> list[Any]:
    """All (id, event) that an owner hears, up to one that stops it."""

    async def listen() -> list[Any]:
        events: list[Any] = []
        async for id, event in jobs.subscribe(owner, 0):
            events.append((id, event))
            if stop(event):
                break
        return events

    return asyncio.run(asyncio.wait_for(listen(), PATIENCE))


def kinds(jobs: Jobs, job: Job) -> list[str]:
    """What happened to a job that is over, by its durable events."""
    final = {str(state) for state in FINAL}
    events = heard(jobs, None, lambda e: getattr(e, "job", "") == job.id and e.kind in final)
    return [event.kind for id, event in events if id and event.job == job.id]


def check_integrity(paths: Paths) -> None:
    with sqlite3.connect(paths.ledger) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.close()
