"""A film of a job's pictures, as a job beside the worker."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.jobs.setting import OWNER, ended, running
from webui.core.animation import Animation
from webui.core.events import Job, JobState
from webui.core.film import Film
from webui.jobs.filming import fps_of
from webui.jobs.queue import Jobs
from webui.video.reading import still


@pytest.fixture
def jobs(tmp_path: Path) -> Generator[Jobs]:
    with running(tmp_path) as jobs:
        yield jobs


def drawn(jobs: Jobs, **more: Any) -> Job:
    asked = {"prompt": "x", "batch_count": 3, "image_format": "png", **more}
    job = ended(jobs, jobs.submit(asked, OWNER))
    for one in job.pictures:  # what the made-up worker sends is no picture
        Image.new("RGB", (one.width, one.height), (9, 90, 200)).save(one.file or "")
    return job


@pytest.mark.parametrize("format", ["mp4", "gif"])
def test_its_pictures_become_one_file_that_is_a_result(jobs: Jobs, format: str) -> None:
    source = drawn(jobs)
    film = ended(jobs, jobs.submit({"kind": "film", "job": source.id, "format": format}, OWNER))
    assert film.state == JobState.FINISHED, film.problem
    (made,) = film.pictures
    first = source.pictures[0]
    assert (made.width, made.height, made.infotext) == (first.width, first.height, first.infotext)
    assert made.file is not None and Path(made.file).suffix == f".{format}"
    assert made.media_type == {"mp4": "video/mp4", "gif": "image/gif"}[format]
    assert still(Path(made.file)).size[0] >= first.width
    assert jobs.picture_data(made.id) == Path(made.file).read_bytes()


@pytest.mark.parametrize("ending", ["slow", "slow fail"])
def test_a_film_waits_for_the_job_whose_pictures_it_shows(jobs: Jobs, ending: str) -> None:
    source = jobs.submit({"prompt": ending, "batch_count": 3, "image_format": "png"}, OWNER)
    waiting = jobs.submit({"kind": "film", "job": source.id}, OWNER)
    assert waiting.state == JobState.QUEUED
    other = drawn(jobs, prompt="y", batch_count=1)
    film, source = ended(jobs, waiting), ended(jobs, source)
    assert film.started is not None and source.ended is not None
    assert film.started >= source.ended, "the other job kept nobody waiting"
    assert other.state == JobState.FINISHED


def test_what_has_no_pictures_cannot_be_filmed(jobs: Jobs) -> None:
    nothing = ended(jobs, jobs.submit({"kind": "film", "job": "0" * 32}, OWNER))
    assert nothing.state == JobState.FAILED
    source = drawn(jobs, batch_count=1)
    Path(source.pictures[0].file or "").unlink()
    gone = ended(jobs, jobs.submit({"kind": "film", "job": source.id}, OWNER))
    assert gone.problem is not None and gone.problem.code == "picture_unreadable"
    again = ended(jobs, jobs.submit({"kind": "film", "job": gone.id}, OWNER))
    assert again.problem is not None and again.problem.code == "film_no_pictures"


@pytest.mark.parametrize(
    ("asked", "settings", "fps"),
    [(None, {"fps": 24}, 24), (12.5, {"fps": 24}, 12.5), (None, {}, 15), (None, {"fps": "x"}, 15)],
)
def test_its_speed_is_the_animations(asked: float | None, settings: Any, fps: float) -> None:
    job = Job(
        id="0" * 32,
        owner=OWNER,
        request=Animation(settings=settings),
        state=JobState.FINISHED,
        created=0.0,
    )
    assert fps_of(Film(job=job.id, fps=asked), job) == fps
