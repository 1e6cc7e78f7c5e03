"""Jobs without a model run beside the worker, and end as the others do."""

import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.setting import OWNER, ended, heard, kinds, make_jobs, paths_in, running, until
from webui.core.errors import UserError
from webui.core.events import Job, JobState, Progress
from webui.core.requests import Download
from webui.jobs.chores import Errand, Pace
from webui.jobs.ledger import LedgerError
from webui.jobs.queue import Jobs
from webui.jobs.runs import Runs

Asked = dict[str, Any]
DOWNLOAD: Asked = {"kind": "download", "source": "owner/name"}


class Porter:
    """Does what its name for the source says."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.seen: list[str] = []

    def __call__(self, request: Download, errand: Errand) -> str:
        self.seen.append(request.source)
        do: Callable[[Errand], None] = getattr(self, request.source.partition("/")[2])
        do(errand)
        return f"done {request.source}"

    def name(self, errand: Errand) -> None:
        errand.tell("downloading", 5, 10)

    def wait(self, errand: Errand) -> None:
        while not self.go.wait(0.01):
            errand.check()

    def wrong(self, errand: Errand) -> None:
        raise UserError("download_missing", host="x")

    def broken(self, errand: Errand) -> None:
        raise ZeroDivisionError("oh")


@pytest.fixture
def porter() -> Porter:
    return Porter()


@pytest.fixture
def jobs(tmp_path: Path, porter: Porter) -> Generator[Jobs]:
    with running(tmp_path, chores={"download": porter}) as jobs:
        yield jobs


def asked(jobs: Jobs, what: str) -> Job:
    return jobs.submit({**DOWNLOAD, "source": f"owner/{what}"}, OWNER)


def test_a_chore_ends_with_a_text(jobs: Jobs) -> None:
    job = ended(jobs, asked(jobs, "name"))
    assert (job.state, job.text, job.pictures) == (JobState.FINISHED, "done owner/name", ())
    assert kinds(jobs, job) == ["queued", "started", "finished"]


def test_it_does_not_hold_up_pictures_nor_they_it(jobs: Jobs, porter: Porter) -> None:
    job = asked(jobs, "wait")
    until(lambda: jobs.get(job.id).state == JobState.RUNNING)
    assert ended(jobs, jobs.submit({"prompt": "x"}, OWNER)).state == JobState.FINISHED
    second = asked(jobs, "name")
    assert jobs.get(second.id).ahead == 1
    porter.go.set()
    assert ended(jobs, job).state == ended(jobs, second).state == JobState.FINISHED


def test_news_are_heard(jobs: Jobs) -> None:
    job = asked(jobs, "name")
    events = heard(jobs, OWNER, lambda event: event.kind == "finished")
    told = [event for _, event in events if isinstance(event, Progress)]
    assert all((one.job, one.phase, one.step, one.steps) == (job.id, "downloading", 5, 10)
               for one in told)  # fmt: skip


def test_cancelled_while_it_runs_and_while_it_waits(jobs: Jobs) -> None:
    job, second = asked(jobs, "wait"), asked(jobs, "wait")
    until(lambda: jobs.get(job.id).state == JobState.RUNNING)
    assert jobs.cancel(second.id).state == JobState.CANCELLED
    jobs.cancel(job.id)
    assert ended(jobs, job, 10).state == JobState.CANCELLED
    assert ended(jobs, asked(jobs, "name")).state == JobState.FINISHED


def test_what_goes_wrong_fails_its_own_job(jobs: Jobs, capsys: pytest.CaptureFixture[str]) -> None:
    codes: list[str] = []
    for what in ("wrong", "broken"):
        job = ended(jobs, asked(jobs, what))
        assert job.state == JobState.FAILED and job.problem
        codes.append(job.problem.code)
    assert codes == ["download_missing", "unexpected"]
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert ended(jobs, asked(jobs, "name")).state == JobState.FINISHED


def test_a_server_that_ends_leaves_it_to_the_next(tmp_path: Path) -> None:
    first = Porter()
    with running(tmp_path, chores={"download": first}) as jobs:
        job = asked(jobs, "wait")
        until(lambda: first.seen)
        begun = time.monotonic()
    assert time.monotonic() - begun < 20
    second = Porter()
    second.go.set()
    with running(tmp_path, chores={"download": second}) as jobs:
        assert ended(jobs, job).state == JobState.FINISHED
        assert "interrupted" in kinds(jobs, job)


def test_the_worker_never_gets_one(tmp_path: Path) -> None:
    """Without its thread it waits for ever."""
    jobs = make_jobs(paths_in(tmp_path), chores={"download": Porter()})
    job = asked(jobs, "name")
    jobs._supervisor.start()  # pyright: ignore[reportPrivateUsage]
    try:
        assert ended(jobs, jobs.submit({"prompt": "x"}, OWNER)).state == JobState.FINISHED
        assert jobs.get(job.id).state == JobState.QUEUED
    finally:
        jobs.close()


def test_a_ledger_that_is_busy_for_a_moment_ends_nothing(
    jobs: Jobs, porter: Porter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(self: Runs, token: int) -> bool:
        raise LedgerError("ledger_failed", name="x", folder="x", reason="locked")

    job = asked(jobs, "wait")
    until(lambda: porter.seen)
    with monkeypatch.context() as patch:
        patch.setattr(Runs, "cancelling", busy)
        patch.setattr(Runs, "got_on", busy)
        jobs.cancel(job.id)
        time.sleep(0.1)
        assert jobs.get(job.id).state == JobState.RUNNING
    assert ended(jobs, job).state == JobState.CANCELLED


def test_the_pace_follows_what_comes():
    pace = Pace()
    assert pace.rate(0, 0.0) == 0
    assert pace.rate(100, 0.5) == 0
    assert pace.rate(1000, 1.0) == 1000
    rate = 0.0
    for second in range(2, 60):
        rate = pace.rate(1000 + 100 * (second - 1), float(second))
    assert 100 < rate < 110
    assert pace.rate(0, 61.0) == 0, "it begins anew"
