"""All pictures of a job enlarged, and a film of them."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.setting import OWNER, ended, running
from tests.jobs.test_filming import drawn
from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.core.events import Job, JobState
from webui.core.requests import Upscale
from webui.jobs.checks import Refused
from webui.jobs.enlarging import files_of, with_frames
from webui.jobs.filming import begun_from
from webui.jobs.ledger import Ledger
from webui.jobs.queue import Jobs


@pytest.fixture
def jobs(tmp_path: Path) -> Generator[Jobs]:
    with running(tmp_path) as jobs:
        yield jobs


def test_a_job_says_how_many_pictures_there_are(jobs: Jobs) -> None:
    source = jobs.submit({"prompt": "slow", "batch_count": 3, "image_format": "png"}, OWNER)
    wanted = {"kind": "upscale", "job": source.id, "by": 2, "upscaler": "Lanczos", "frames": 99}
    enlarged = jobs.submit(wanted, OWNER)
    assert enlarged.request.images == 3 and enlarged.state == JobState.QUEUED
    done, source = ended(jobs, enlarged), ended(jobs, source)
    assert done.started is not None and source.ended is not None
    assert done.started >= source.ended, "it waits for the pictures"
    assert len(done.pictures) == 3


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({}, "image", "upscale_what"),
        ({"job": "0" * 32}, "job", "unknown_job"),
        ({"job": "nonsense"}, "job", None),
    ],
)
def test_what_cannot_be_enlarged(jobs: Jobs, more: Any, field: str, code: str | None) -> None:
    with pytest.raises(Refused) as caught:
        jobs.submit({"kind": "upscale", **more}, OWNER)
    (problem,) = caught.value.problems
    assert problem.field == field and code in (None, problem.code)


def test_a_picture_or_a_job() -> None:
    both = Upscale(image="sha256:" + "0" * 64, job="a" * 32)
    _, (problem,) = with_frames(both, lambda id: pytest.fail("not looked for"))
    assert problem.code == "upscale_what"
    one = Upscale(image="sha256:" + "0" * 64, frames=7)
    assert with_frames(one, lambda id: pytest.fail("not looked for")) == (one.with_(frames=0), [])
    assert one.images == 1


def test_the_worker_is_told_where_they_lie(jobs: Jobs, tmp_path: Path) -> None:
    source = drawn(jobs)
    ledger = Ledger(next(tmp_path.rglob("ledger.sqlite")))
    with ledger.read() as reading:
        files = files_of(Upscale(job=source.id, frames=3), reading)
        assert files_of(source.request, reading) == {}
    ledger.close()
    assert files == {f"picture:{one.id}": one.file for one in source.pictures}


def test_their_film_is_as_fast_as_the_animation() -> None:
    def job(id: str, request: Any) -> Job:
        return Job(id=id, owner=OWNER, request=request, state=JobState.FINISHED, created=0.0)

    animation = job("a" * 32, Animation(settings={"fps": 24}))
    enlarged = job("b" * 32, Upscale(job=animation.id, frames=3))
    assert begun_from(enlarged, {animation.id: animation}.__getitem__) is animation
    assert begun_from(animation, lambda id: pytest.fail("not looked for")) is animation

    def forgotten(id: str) -> Job:
        raise UserError("unknown_job")

    assert begun_from(enlarged, forgotten) is enlarged
