"""The real supervisor with a real process that misbehaves."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.fake_worker import MEMORY
from tests.jobs.fake_worker import picture
from tests.jobs.setting import (
    OWNER,
    PATIENCE,
    STARTING,
    ended,
    heard,
    is_gone,
    kinds,
    make_jobs,
    paths_in,
    running,
    until,
)
from webui.core.events import JobState, Progress
from webui.jobs.queue import Jobs
from webui.jobs.supervisor import Timing


def worker_pids() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def whole(jobs: Jobs, id: str, images: int) -> None:
    """All pictures are there, once, with what they should hold."""
    job = jobs.get(id)
    assert [one.index for one in job.pictures] == list(range(images))
    assert [jobs.picture_data(one.id) for one in job.pictures] == [
        picture(id, index) for index in range(images)
    ]
    files = [Path(one.file or "") for one in job.pictures]
    assert sorted(files[0].parent.iterdir()) == sorted(files)


def test_a_job_runs_to_its_end(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        job = jobs.submit({"prompt": "x", "batch_count": 3, "seed": 7}, OWNER)
        done = ended(jobs, job)
        assert (done.state, done.attempts, done.problem) == (JobState.FINISHED, 1, None)
        assert [one.seed for one in done.pictures] == [7, 8, 9]
        whole(jobs, job.id, 3)
        assert kinds(jobs, job) == ["queued", "started", *["image_done"] * 3, "finished"]
        worker = until(lambda: (w := jobs.snapshot(None).worker).state == "ready" and w)
        assert worker.device == "fake device"
        assert jobs.offers.device == "fake device"
    again = make_jobs(paths_in(tmp_path))
    assert again.offers.device == "fake device"
    again.close()


def test_what_is_said_of_the_worker(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        until(lambda: jobs.snapshot(None).worker.model)
        assert jobs.memory == MEMORY
        jobs.submit({"prompt": "slow", "batch_count": 3}, OWNER)
        events = heard(jobs, OWNER, lambda event: event.kind == "finished")
        told = [event for _, event in events if event.kind == "worker"]
        assert {(one.device, one.model) for one in told} == {("fake device", "fake")}
        assert told[-1].state == "busy"
        until(lambda: jobs.snapshot(None).worker.state == "ready")


def test_a_worker_that_dies_is_followed_by_one_that_goes_on(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        job = jobs.submit({"prompt": "die=2 once", "batch_count": 4}, OWNER)
        assert ended(jobs, job).state is JobState.FINISHED
        whole(jobs, job.id, 4)
        assert kinds(jobs, job) == [
            *["queued", "started", "image_done", "image_done", "interrupted"],
            *["started", "image_done", "image_done", "finished"],
        ]
        events = heard(jobs, OWNER, lambda event: event.kind == "interrupted")
        problem = events[-1][1].problem
        assert problem.code == "worker_died"
        assert "exit code 3" in problem.message
        assert "about to die" in problem.message
    assert "about to die" in paths_in(tmp_path).worker_log.read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_killed_worker_is_named_by_its_signal(tmp_path: Path) -> None:
    timing = Timing(silence=PATIENCE, starting=STARTING, patience=1, back_off=(0,))
    with running(tmp_path, timing) as jobs:
        job = jobs.submit({"prompt": "hang=3 once", "batch_count": 12}, OWNER)
        until((tmp_path / "data" / f"mark-{job.id}").exists)  # there it waits to be killed
        until(lambda: len(jobs.get(job.id).pictures) == 3)
        for pid in worker_pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: jobs.get(job.id).attempts == 2)
        assert (
            "SIGKILL"
            in heard(jobs, OWNER, lambda e: e.kind == "interrupted")[-1][1].problem.message
        )
        assert ended(jobs, job).state is JobState.FINISHED
        whole(jobs, job.id, 12)


def test_a_job_that_always_kills_its_worker_is_parked_and_the_next_one_runs(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        poison = jobs.submit({"prompt": "die=1", "batch_count": 3}, OWNER)
        after = jobs.submit({"prompt": "x"}, OWNER)
        parked = ended(jobs, poison)
        assert parked.state is JobState.PARKED
        assert parked.problem and parked.problem.code == "parked_worker_died"
        assert parked.problem.values["attempts"] == 3
        assert parked.attempts == 1 + 3  # the first made a picture, so it does not count
        assert [one.index for one in parked.pictures] == [0]
        assert ended(jobs, after).state is JobState.FINISHED


def test_a_worker_without_signs_of_life_is_ended(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        job = jobs.submit({"prompt": "hang=1 once", "batch_count": 2}, OWNER)
        until(lambda: jobs.get(job.id).pictures)
        silent = worker_pids()
        assert ended(jobs, job).state is JobState.FINISHED
        whole(jobs, job.id, 2)
        problem = heard(jobs, OWNER, lambda e: e.kind == "interrupted")[-1][1].problem
        assert problem.code == "worker_silent"
        until(lambda: not silent & worker_pids())


def test_what_comes_for_an_old_token_is_dropped(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        first = jobs.submit({"prompt": "x"}, OWNER)
        second = jobs.submit({"prompt": "late", "batch_count": 3}, OWNER)
        assert ended(jobs, second).state is JobState.FINISHED
        assert kinds(jobs, first) == ["queued", "started", "image_done", "finished"]
        assert len(jobs.get(second.id).pictures) == 3
        assert len(list(Path(jobs.get(first.id).pictures[0].file or "").parent.iterdir())) == 4


def test_nonsense_ends_the_worker_not_the_queue(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        job = jobs.submit({"prompt": "garbage=1", "batch_count": 2}, OWNER)
        after = jobs.submit({"prompt": "x"}, OWNER)
        assert ended(jobs, job).problem.code == "parked_worker_garbled"  # type: ignore[union-attr]
        assert ended(jobs, after).state is JobState.FINISHED


def test_a_flood_of_news_drowns_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        job = jobs.submit({"prompt": "flood", "batch_count": 2}, OWNER)
        events = heard(jobs, OWNER, lambda event: event.kind == "finished")
        durable = [event.kind for id, event in events if id]
        assert durable == ["queued", "started", "image_done", "image_done", "finished"]
        news = [event for _, event in events if isinstance(event, Progress)]
        assert len(news) < 6000
        assert {one.preview for one in news} <= {"data:,0", "data:,1", None}
        assert news[0].preview == "data:,0"
        assert ended(jobs, job).state is JobState.FINISHED


def test_cancel_and_skip_reach_the_worker(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        job = jobs.submit({"prompt": "batch", "batch_count": 3}, OWNER)
        for place in range(2):
            until(lambda n=place: (p := jobs.snapshot(OWNER).progress.get(job.id)) and p.image == n)
            jobs.skip(job.id)
        until(lambda: (p := jobs.snapshot(OWNER).progress.get(job.id)) and p.image == 2)
        jobs.cancel(job.id)
        jobs.skip(job.id)
        assert ended(jobs, job).state in (JobState.CANCELLED, JobState.FINISHED)
        assert ended(jobs, job).pictures == ()
        slow = jobs.submit({"prompt": "slow", "batch_count": 100}, OWNER)
        until(lambda: jobs.get(slow.id).pictures)
        jobs.cancel(slow.id)
        stopped = ended(jobs, slow)
        assert stopped.state is JobState.CANCELLED
        assert 0 < len(stopped.pictures) < 20
        assert stopped.attempts == 1


def test_a_worker_that_does_not_stop_is_ended(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        job = jobs.submit({"prompt": "deaf"}, OWNER)
        until(lambda: jobs.get(job.id).state is JobState.RUNNING)
        jobs.cancel(job.id)
        assert ended(jobs, job).state is JobState.CANCELLED
        assert ended(jobs, jobs.submit({"prompt": "x"}, OWNER)).state is JobState.FINISHED


def test_a_failed_run_is_not_tried_again(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        job = ended(jobs, jobs.submit({"prompt": "fail"}, OWNER))
        assert (job.state, job.attempts) == (JobState.FAILED, 1)
        assert job.problem and "as told" in job.problem.message


def test_a_worker_that_cannot_start_is_said_and_tried_again(tmp_path: Path) -> None:
    timing = Timing(silence=1, starting=STARTING, patience=1, back_off=(0.05,))
    command = [sys.executable, "-c", "import sys; sys.exit('no module called torch')"]
    with running(tmp_path, timing, command=command) as jobs:
        job = jobs.submit({"prompt": "x"}, OWNER)
        worker = until(lambda: (w := jobs.snapshot(None).worker).state == "dead" and w)
        assert worker.problem and "no module called torch" in worker.problem.message
        until(lambda: jobs.snapshot(None).worker.state == "starting")
        assert jobs.get(job.id).state is JobState.QUEUED
        jobs.cancel(job.id)
    with running(tmp_path, timing, command=[str(tmp_path / "nothing")]) as jobs:
        worker = until(lambda: (w := jobs.snapshot(None).worker).state == "dead" and w)
        assert worker.problem and worker.problem.code == "worker_no_start"


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        job = jobs.submit({"prompt": "child die=0 once"}, OWNER)
        assert ended(jobs, job).attempts == 2
        first, second = (tmp_path / "data" / "pids").read_text(encoding="utf-8").split()
        until(lambda: is_gone(int(first)))
        assert not is_gone(int(second))  # of a worker that lives
    until(lambda: is_gone(int(second)))
    until(lambda: not worker_pids())


def test_restarts_wait_longer_and_longer(tmp_path: Path) -> None:
    timing = Timing(silence=1, starting=STARTING, patience=1, back_off=(0, 0.3, 0.6))
    count = tmp_path / "starts"
    code = f"open({str(count)!r}, 'a').write(f'{{__import__(\"time\").time()}}\\n')"
    with running(tmp_path, timing, command=[sys.executable, "-c", code]):
        starts = until(lambda: count.exists() and (t := count.read_text().split())[3:] and t)
    times = [float(one) for one in starts]
    gaps = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert gaps[1] > 0.3
    assert gaps[2] > 0.6


def test_a_job_that_ends_makes_deaths_forgotten(tmp_path: Path) -> None:
    timing = Timing(silence=5, starting=STARTING, patience=1, back_off=(0, 1000))
    with running(tmp_path, timing) as jobs:
        for _ in range(2):
            job = jobs.submit({"prompt": "die=0 once"}, OWNER)
            assert ended(jobs, job).attempts == 2


def test_being_held_up_ourselves_is_no_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timing = Timing(silence=3, starting=STARTING, patience=1, back_off=(0,))
    with running(tmp_path, timing) as jobs:
        job = jobs.submit({"prompt": "slow", "batch_count": 10}, OWNER)
        until(lambda: jobs.get(job.id).pictures)
        commit = jobs._results.commit
        held: list[int] = []

        def slow_disk(made: object, data: bytes) -> None:
            if not held:
                held.append(1)
                time.sleep(3.5)
            commit(made, data)  # type: ignore[arg-type]

        monkeypatch.setattr(jobs._results, "commit", slow_disk)
        assert ended(jobs, job).attempts == 1
        assert held
