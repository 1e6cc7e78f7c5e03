"""The queue as doors see it, with the real ledger and the fake worker's process."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.jobs.fake_worker import picture
from tests.jobs.setting import (
    OWNER,
    PATIENCE,
    QUICK,
    STARTING,
    check_integrity,
    ended,
    heard,
    is_gone,
    kinds,
    make_jobs,
    paths_in,
    reopened,
    running,
    until,
)
from webui.core.errors import UnknownId, UserError
from webui.core.events import JobState
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.jobs.checks import Refused
from webui.jobs.queue import Jobs, worker_command
from webui.jobs.supervisor import Timing

OTHER = "b" * 32


@pytest.fixture
def idle(tmp_path: Path) -> Generator[Jobs]:
    """Jobs whose worker is never started."""
    jobs = make_jobs(paths_in(tmp_path))
    yield jobs
    jobs.close()


def test_a_job_is_complete_when_it_is_taken(idle: Jobs) -> None:
    job = idle.submit({"prompt": "a fox"}, OWNER)
    request = job.request
    assert (request.model, request.sampler, request.width) == ("easel-demo", "DPM++ 2M", 128)
    assert 0 <= request.seed < 2**32
    still_open = {name for name, value in request if value is None}
    wanted = {"file_name", "folder", "refiner", "hires", "vae", "shift", "storage"}
    assert still_open == wanted
    assert idle.get(job.id) == job
    same = idle.submit(Txt2Img(prompt="a fox", seed=5), OWNER)
    assert same.request.seed == 5
    with pytest.raises(Refused, match="multiple of 8"):
        idle.submit({"prompt": "x", "width": 513}, OWNER)
    assert [one.id for one in idle.list(OWNER)] == [same.id, job.id]


def test_everybody_sees_his_own_jobs(idle: Jobs) -> None:
    mine = [idle.submit({"prompt": "x"}, OWNER).id for _ in range(3)]
    his = idle.submit({"prompt": "x"}, OTHER).id
    assert [job.id for job in idle.list(OWNER)] == mine[::-1]
    assert [job.id for job in idle.list(OTHER)] == [his]
    assert [job.id for job in idle.list(None)] == [his, *mine[::-1]]
    assert [job.id for job in idle.list(OWNER, limit=1, before=mine[2])] == [mine[1]]
    assert [job.id for job in idle.snapshot(OTHER).jobs] == [his]
    assert [job.id for job in idle.snapshot(None).jobs] == [his, *mine[::-1]]


def test_owners_take_turns_and_priority_comes_first(idle: Jobs) -> None:
    mine = [idle.submit({"prompt": "x"}, OWNER).id for _ in range(3)]
    his = [idle.submit({"prompt": "x"}, OTHER).id for _ in range(2)]
    urgent = idle.submit({"prompt": "x"}, OWNER, priority=1).id
    order = [urgent, his[0], mine[0], his[1], mine[1], mine[2]]
    assert [idle.get(id).ahead for id in order] == list(range(6))
    assert idle.cancel(his[0]).ahead is None
    assert [idle.get(id).ahead for id in (urgent, his[1], mine[0])] == [0, 1, 2]


@pytest.mark.parametrize("id", ["", "no", "é", "\ud800", "\0", "' OR 1 --", "x" * 10**6])
def test_what_does_not_exist_is_unknown(idle: Jobs, id: str) -> None:
    for ask in (idle.get, idle.cancel, idle.skip):
        with pytest.raises(UnknownId, match="no such job"):
            ask(id)
    with pytest.raises(UnknownId):
        idle.list(OWNER, before=id)
    for ask in (idle.picture, idle.picture_data):
        with pytest.raises(UnknownId, match="no such picture"):
            ask(id)


def test_a_job_that_waits_is_cancelled_at_once(idle: Jobs) -> None:
    job = idle.submit({"prompt": "x"}, OWNER)
    assert idle.cancel(job.id).state is JobState.CANCELLED
    assert idle.cancel(job.id).state is JobState.CANCELLED
    assert kinds(idle, job) == ["queued", "cancelled"]


def test_too_many_jobs_are_refused(idle: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.jobs.queue.MOST_WAITING", 2)
    ids = [idle.submit({"prompt": "x"}, OWNER).id for _ in range(2)]
    with pytest.raises(UserError, match="2 jobs are waiting already"):
        idle.submit({"prompt": "x"}, OWNER)
    idle.submit({"prompt": "x"}, OTHER)
    idle.cancel(ids[0])
    idle.submit({"prompt": "x"}, OWNER)


def test_only_one_process_runs_jobs_on_a_folder(idle: Jobs, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Another Easel is running on the folder") as caught:
        make_jobs(paths_in(tmp_path))
    assert caught.value.problem.code == "data_in_use"


EXTENSION = """
from webui.ext import hookimpl

@hookimpl
def rewrite_request(request):
    if "raise" in request.prompt:
        raise RuntimeError("no idea")
    if "nonsense" in request.prompt:
        return 5
    if "sampler" in request.prompt:
        return request.with_(sampler="Dice")
    return request.with_(prompt=f"{request.prompt} of {request.seed}", model=None)
"""


def test_an_extension_may_rewrite_a_request_and_fails_its_own_job_only(tmp_path: Path) -> None:
    folder = tmp_path / "extensions" / "poet"
    folder.mkdir(parents=True)
    (folder / "server.py").write_text(EXTENSION, encoding="utf-8")
    manifest = 'name = "poet"\nversion = "1"\napi = 1\nserver = "server"\n'
    (folder / "extension.toml").write_text(manifest, encoding="utf-8")
    extensions = Extensions([folder.parent], "server")
    with running(tmp_path, extensions=extensions) as jobs:
        good = jobs.submit({"prompt": "a fox", "seed": 9}, OWNER)
        assert good.request.prompt == "a fox of 9"
        assert good.request.model == "easel-demo"
        for prompt, words in (("raise", "poet"), ("nonsense", "poet"), ("sampler", "Dice")):
            bad = jobs.submit({"prompt": prompt}, OWNER)
            assert bad.state is JobState.FAILED
            assert bad.problem and words in bad.problem.message
            assert kinds(jobs, bad) == ["queued", "failed"]
        assert ended(jobs, good).state is JobState.FINISHED


def test_listeners_miss_nothing_between_snapshot_and_subscription(tmp_path: Path) -> None:
    """Many join at any moment of a busy hour; each knows all in the end."""
    with running(tmp_path) as jobs:
        last = jobs.submit({"prompt": "slow", "batch_count": 12}, OWNER)
        results: list[set[int]] = []

        async def listen(delay: float) -> None:
            await asyncio.sleep(delay)
            snapshot = jobs.snapshot(OWNER)
            known = {one.index for job in snapshot.jobs for one in job.pictures}
            ids = [snapshot.last]
            async for id, event in jobs.subscribe(OWNER, snapshot.last):
                if id is not None:
                    ids.append(id)
                if event.kind == "image_done":
                    known.add(event.picture.index)
                await asyncio.sleep(delay / 10)
                if event.kind == "finished":
                    break
            assert ids == sorted(set(ids))
            results.append(known)

        async def all_of_them() -> None:
            await asyncio.gather(*(listen(number / 20) for number in range(20)))

        asyncio.run(asyncio.wait_for(all_of_them(), PATIENCE))
        assert results == [set(range(12))] * 20
        assert ended(jobs, last).state is JobState.FINISHED
        assert jobs._hub._mailboxes == set()


def test_a_slow_listener_holds_nobody_up_and_hears_all_that_lasts(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:

        async def listen() -> list[Any]:
            stream = jobs.subscribe(OWNER, 0)
            first = await anext(stream)
            job = jobs.submit({"prompt": "flood", "batch_count": 3}, OWNER)
            await asyncio.to_thread(ended, jobs, job)
            box = next(iter(jobs._hub._mailboxes))
            assert len(box.progress) <= 1
            events = [first]
            async for event in stream:
                events.append(event)
                if event[1].kind == "finished":
                    return events
            raise AssertionError

        events = asyncio.run(asyncio.wait_for(listen(), PATIENCE))
    durable = [event.kind for id, event in events if id]
    assert durable == ["queued", "started", *["image_done"] * 3, "finished"]


def test_an_owner_hears_nothing_of_others(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        his = jobs.submit({"prompt": "flood", "batch_count": 2}, OTHER)
        mine = jobs.submit({"prompt": "x"}, OWNER)
        assert ended(jobs, his).state is JobState.FINISHED
        events = heard(jobs, OWNER, lambda event: event.kind == "finished")
        assert {getattr(event, "job", mine.id) for _, event in events} == {mine.id}
        assert his.id not in jobs.snapshot(OWNER).progress


def test_events_too_old_or_never_heard_of_are_said_to_be_gone(
    idle: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.jobs.records.EVENTS_KEPT", 5)
    for _ in range(8):
        idle.submit({"prompt": "x"}, OWNER)
    for after in (2, 9, -1):
        with pytest.raises(UserError, match="load the state again"):
            idle.subscribe(OWNER, after)
    assert len(idle._page(OWNER, 3, 8)) == 5


def test_any_thread_may_do_anything(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:

        def busy(number: int) -> None:
            for _ in range(5):
                job = jobs.submit({"prompt": "x"}, f"{number:032}")
                jobs.snapshot(None)
                jobs.list(None)
                if number % 2:
                    jobs.cancel(job.id)
                jobs.skip(job.id)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(busy, range(6)))
        until(lambda: all(job.state in ("finished", "cancelled") for job in jobs.list(None)))
        done = [job for job in jobs.list(None) if job.state is JobState.FINISHED]
        assert len(done) >= 15
        assert all(len(job.pictures) == 1 for job in done)
    check_integrity(paths_in(tmp_path))


# -- kills ----------------------------------------------------------------------------------------


@contextmanager
def server(folder: Path) -> Generator[subprocess.Popen[str]]:
    """A server's process, killed at the end."""
    command = [sys.executable, "-m", "tests.jobs.server", str(folder)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, encoding="utf-8", **pipes) as process:
        try:
            assert say(process) == "up"
            yield process
        finally:
            process.kill()


def say(process: subprocess.Popen[str], **values: Any) -> str:
    assert process.stdin and process.stdout
    if values:
        process.stdin.write(json.dumps(values) + "\n")
        process.stdin.flush()
    return process.stdout.readline().strip()


def test_a_killed_server_leaves_nothing_behind_and_goes_on_where_it_was(tmp_path: Path) -> None:
    with server(tmp_path) as process:
        before = say(process, request={"prompt": "x", "seed": 1}, owner=OWNER)
        request = {"prompt": "hang=5 once", "batch_count": 12, "seed": 5}
        long = say(process, request=request, owner=OWNER)
        waits = say(process, request={"prompt": "x"}, owner=OTHER)
        outputs = paths_in(tmp_path).outputs
        until((tmp_path / "data" / f"mark-{long}").exists)  # there it waits for some seconds
        until(lambda: len(list(outputs.rglob("*.png"))) > 4)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        assert workers
        until(lambda: all(is_gone(one.pid) for one in workers))
    jobs = reopened(paths_in(tmp_path))
    history = {job.id: job for job in jobs.list(None)}
    assert list(history) == [waits, long, before]
    assert history[before].state is JobState.FINISHED
    assert history[waits].state in (JobState.QUEUED, JobState.FINISHED)
    made = history[long].pictures
    assert history[long].state is JobState.INTERRUPTED
    assert history[long].problem and history[long].problem.code == "server_stopped"
    assert 0 < len(made) < 12
    jobs.start()
    try:
        done = ended(jobs, history[long])
        assert done.state is JobState.FINISHED
        assert done.attempts == 2
        assert done.pictures[: len(made)] == made
        assert [one.seed for one in done.pictures] == list(range(5, 17))
        assert [jobs.picture_data(one.id) for one in done.pictures] == [
            picture(long, index) for index in range(12)
        ]
        assert ended(jobs, history[waits]).state is JobState.FINISHED
        assert len([path for path in outputs.rglob("*") if path.is_file()]) == 14
    finally:
        jobs.close()
    check_integrity(paths_in(tmp_path))


def test_a_cancel_outlives_the_server(tmp_path: Path) -> None:
    with server(tmp_path) as process:
        job = say(process, request={"prompt": "deaf"}, owner=OWNER)
        until(lambda: (tmp_path / "data" / "state" / "worker.json").exists())
        say(process, cancel=job)
    jobs = reopened(paths_in(tmp_path))
    assert jobs.get(job).state is JobState.CANCELLED
    jobs.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot stop a process for a while")
def test_a_worker_that_hangs_when_the_server_is_killed_is_ended_by_the_next(tmp_path: Path) -> None:
    with server(tmp_path) as process:
        say(process, request={"prompt": "slow", "batch_count": 50}, owner=OWNER)
        until(lambda: list(paths_in(tmp_path).outputs.rglob("*.png")))
        (worker,) = psutil.Process(process.pid).children()
        os.kill(worker.pid, signal.SIGSTOP)
    assert not is_gone(worker.pid)
    jobs = reopened(paths_in(tmp_path))
    until(lambda: is_gone(worker.pid))
    jobs.close()


# -- disks ----------------------------------------------------------------------------------------


def test_a_picture_that_cannot_be_saved_is_still_shown(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("not a folder", encoding="utf-8")
    with running(tmp_path) as jobs:
        job = ended(jobs, jobs.submit({"prompt": "x", "batch_count": 2}, OWNER))
        assert job.state is JobState.FINISHED
        for one in job.pictures:
            assert one.file is None
            assert one.problem and "could not be saved" in one.problem.message
            assert jobs.picture_data(one.id) == picture(job.id, one.index)
            assert jobs.picture(one.id) == one
    again = make_jobs(paths_in(tmp_path))
    assert again.get(job.id).pictures == job.pictures
    with pytest.raises(UnknownId, match="kept in memory only"):
        again.picture_data(job.pictures[0].id)
    again.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A disk of 16 MB."""
    if sys.platform != "linux":
        pytest.skip("makes a disk in memory as Linux does")
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "easel-test", str(tmp_path)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def fill(folder: Path) -> None:
    """Leave not a byte."""
    with suppress(OSError), (folder / "fill").open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_a_full_disk_is_one_sentence_and_the_picture_still_shows(small_disk: Path) -> None:
    """Ledger, log and pictures on one disk, as it is at home, and not a byte left."""
    with running(small_disk) as jobs:
        first = ended(jobs, jobs.submit({"prompt": "x"}, OWNER))
        assert first.pictures[0].problem is None
        fill(small_disk)
        for _ in range(40):
            job = ended(jobs, jobs.submit({"prompt": "x", "batch_count": 5}, OWNER))
            assert job.state is JobState.FINISHED
            for one in job.pictures:
                assert one.problem and one.problem.code == "disk_full"
                assert jobs.picture_data(one.id) == picture(job.id, one.index)
        (small_disk / "fill").unlink()
        assert ended(jobs, jobs.submit({"prompt": "x"}, OWNER)).pictures[0].problem is None
    check_integrity(paths_in(small_disk))


def test_a_disk_without_room_for_the_ledger_loses_and_hangs_nothing(small_disk: Path) -> None:
    timing = Timing(silence=5, starting=STARTING, patience=1, back_off=(0.1,))
    with running(small_disk, timing) as jobs:
        jobs._ledger.reserve.tend = lambda: None  # type: ignore[method-assign]
        job = jobs.submit({"prompt": "slow", "batch_count": 6}, OWNER)
        until(lambda: jobs.get(job.id).pictures)
        fill(small_disk)
        worker = until(lambda: (w := jobs.snapshot(None).worker).state == "dead" and w)
        assert worker.problem and worker.problem.code == "disk_full"
        with pytest.raises(UserError, match="no space left"):
            for _ in range(1000):
                jobs.submit({"prompt": "x" * 10_000}, OWNER)
        (small_disk / "fill").unlink()
        assert ended(jobs, job).state in (JobState.FINISHED, JobState.PARKED)
        assert ended(jobs, jobs.submit({"prompt": "x"}, OTHER)).state is JobState.FINISHED
    check_integrity(paths_in(small_disk))


def test_the_worker_is_started_by_its_modules_name(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    assert worker_command(paths) == [
        *[sys.executable, "-m", "webui.worker.process"],
        *["--data", str(paths.data), "--models", str(paths.models)],
        *["--outputs", str(paths.outputs)],
    ]
    assert QUICK.silence < 10
