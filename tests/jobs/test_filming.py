"""A film of a job's pictures, as a job beside the worker."""

import hashlib
import io
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.jobs.setting import OWNER, ended, running
from tests.sound.signals import sine, write_wav
from webui.core.animation import Animation
from webui.core.events import Job, JobState
from webui.core.film import Film
from webui.jobs.filming import fps_of, pace_of
from webui.jobs.queue import Jobs
from webui.sound.decoding import read_sound
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


def animated(**settings: Any) -> Job:
    request = Animation(settings={"fps": 10, **settings})
    return Job(id="0" * 32, owner=OWNER, request=request, state=JobState.FINISHED, created=0.0)


BETWEEN = {"frame_interpolation_engine": "FILM", "frame_interpolation_x_amount": 3}


@pytest.mark.parametrize(
    ("asked", "settings", "fps", "wanted", "smooth"),
    [
        ({}, {}, 10, 20, False),
        ({"repeat": 3}, {}, 10, 60, False),
        ({"interpolate": 4}, {}, 40, 80, True),
        ({"slow": 2}, {}, 10, 40, True),
        ({"slow": 2, "interpolate": 2}, {}, 20, 80, True),
        ({"to_fps": 24}, {}, 24, 48, True),
        ({"to_fps": 5}, {}, 5, 10, False),
        ({"fps": 20, "interpolate": 2}, {}, 40, 40, True),
        ({}, BETWEEN, 30, 60, True),
        ({"interpolate": 1}, BETWEEN, 10, 20, False),
        # Deforum slows a film down by its pace.
        (
            {},
            {
                **BETWEEN,
                "frame_interpolation_slow_mo_enabled": True,
                "frame_interpolation_slow_mo_amount": 2,
            },
            *(15, 60, True),
        ),
    ],
)
def test_pace(asked: Any, settings: Any, fps: float, wanted: int, smooth: bool) -> None:
    pace = pace_of(Film(job="0" * 32, **asked), animated(**settings), 20)
    assert (pace.fps, pace.wanted, pace.smooth) == (fps, wanted, smooth)
    slow = asked.get("slow", 1) * asked.get("repeat", 1)
    slow = 2 if "frame_interpolation_slow_mo_enabled" in settings else slow
    assert pace.seconds == pytest.approx(20 * slow / asked.get("fps", 10))


def film_of(jobs: Jobs, source: Job, **more: Any) -> Job:
    values = {"kind": "film", "job": source.id, "preset": "ultrafast", **more}
    return ended(jobs, jobs.submit(values, OWNER))


def sent(jobs: Jobs, tmp_path: Path, seconds: float) -> str:
    path = write_wav(tmp_path / "sent.wav", sine(440, seconds))
    return jobs.store.put_media(path, hashlib.sha256(path.read_bytes()).hexdigest()).id


@pytest.mark.parametrize(
    ("seconds", "language", "said"),
    [(5, None, "cut off"), (0.2, "pl", "reszta filmu jest bez"), (1.0, "pl", "")],
)
def test_a_sound_is_cut_or_continued_by_silence_and_that_is_said(
    jobs: Jobs, tmp_path: Path, seconds: float, language: str | None, said: str
) -> None:
    sound = sent(jobs, tmp_path, seconds)
    film = film_of(jobs, drawn(jobs), fps=3, sound=sound, language=language)
    assert film.state == JobState.FINISHED, film.problem
    assert said in (film.text or "") and bool(said) == bool(film.text)
    sound = read_sound(Path(film.pictures[0].file or ""))
    assert sound.seconds == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"format": "gif", "soundtrack": "file"}, "film_silent"),
        ({"soundtrack": "file"}, "film_no_sound_file"),
        ({"soundtrack": "clip"}, "film_no_clip"),
    ],
)
def test_a_sound_that_cannot_be(jobs: Jobs, more: Any, code: str) -> None:
    film = film_of(jobs, drawn(jobs, batch_count=1), **more)
    assert film.problem is not None and film.problem.code == code
    assert not film.pictures


def test_a_picture_is_no_sound(jobs: Jobs) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    source = drawn(jobs, batch_count=1)
    film = film_of(jobs, source, sound=jobs.store.put(file.getvalue()).id)
    assert film.problem is not None and film.problem.code == "film_unread", film.problem
    assert Path(source.pictures[0].file or "").is_file(), "the frames are kept"


def test_the_pictures_as_files_in_a_zip(jobs: Jobs) -> None:
    source = drawn(jobs)
    film = film_of(jobs, source, format="zip", subtitles=True)
    assert film.state == JobState.FINISHED, film.problem
    assert film.pictures[0].media_type == "application/zip"
    with zipfile.ZipFile(film.pictures[0].file or "") as packed:
        names = [Path(one.file or "").name for one in source.pictures]
        assert packed.namelist() == [*names, "subtitles.srt"]
        assert packed.read(names[0]) == Path(source.pictures[0].file or "").read_bytes()
    between = film_of(jobs, source, format="zip", interpolate=2)
    with zipfile.ZipFile(between.pictures[0].file or "") as packed:
        assert len(packed.namelist()) == 6


def test_subtitles_lie_beside_what_has_none(jobs: Jobs) -> None:
    film = film_of(jobs, drawn(jobs), format="gif", subtitles=True, fps=2)
    assert film.state == JobState.FINISHED, film.problem
    text = Path(film.pictures[0].file or "").with_suffix(".srt").read_text(encoding="utf-8")
    assert text.count("-->") == 3 and "00:00:00,500 --> 00:00:01,000" in text
    assert f"Seed: {film.pictures[0].seed}" in text
