"""Films whose pictures between come from an extension: the job that is put before them."""

import math
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.jobs.fake_worker import BETWEEN
from tests.jobs.setting import OWNER, ended, running, until
from tests.jobs.test_filming import animated, drawn
from webui.core.errors import UserError
from webui.core.events import Job, JobState
from webui.core.film import Film, Interpolate
from webui.core.offers import Offers, ToolInfo
from webui.jobs.checks import Refused
from webui.jobs.filming import pace_of, times_of
from webui.jobs.interpolating import between_first
from webui.jobs.queue import Jobs
from webui.video.reading import film_info

OFFERS = Offers(interpolators=(*BETWEEN, ToolInfo(name="rife", title={"en": "RIFE"})))
ENGINE = {"frame_interpolation_engine": "RIFE v4.6", "frame_interpolation_x_amount": 3}
SLOW = {"frame_interpolation_slow_mo_enabled": True, "frame_interpolation_slow_mo_amount": 2}


@pytest.fixture
def jobs(tmp_path: Path) -> Generator[Jobs]:
    with running(tmp_path) as jobs:
        until(lambda: len(jobs.offers.interpolators) == 2)
        yield jobs


def animation(frames: int = 20, **settings: Any) -> Job:
    job = animated(**settings)
    return job.model_copy(update={"request": job.request.with_(frames=frames)})


@pytest.mark.parametrize(
    ("asked", "settings", "expected"),
    [
        ({}, {}, None),
        ({"interpolator": "Fade"}, {}, None),
        ({"interpolator": "Fade", "repeat": 3}, {}, None),
        ({"interpolator": "Fade", "to_fps": 5}, {}, None),
        ({"interpolate": 4}, {}, None),
        ({"interpolate": 4, "interpolator": "Optical flow"}, ENGINE, None),
        ({"interpolate": 4, "interpolator": "Fade"}, {}, ("Fade", 4)),
        ({"interpolate": 2, "slow": 1.5, "interpolator": "Fade"}, {}, ("Fade", 3)),
        ({"to_fps": 24, "interpolator": "Fade"}, {}, ("Fade", 3)),
        ({}, ENGINE, ("rife", 3)),
        ({}, {**ENGINE, **SLOW}, ("rife", 3)),
        ({"interpolate": 1}, ENGINE, None),
        ({}, {**ENGINE, "frame_interpolation_engine": "FILM"}, None),
    ],
)
def test_what_comes_first(asked: Any, settings: Any, expected: Any) -> None:
    source = animation(**settings)
    film = Film(job=source.id, **asked)
    first = between_first(film, OFFERS, lambda id: source)
    told = first and (first.values["interpolator"], first.values["times"])
    assert told == expected
    if first is None:
        return
    times: int = first.values["times"]
    request = Interpolate.model_validate({**first.values, "frames": 19 * times + 1})
    job = source.model_copy(update={"id": "b" * 32, "request": request})
    find = {source.id: source, job.id: job}.__getitem__
    assert times_of(job, find) == times
    before = pace_of(film, source, 20)
    after = pace_of(first.film, source, request.frames, times)
    assert (after.fps, after.wanted) == (before.fps, before.wanted), "as long, as fast"
    assert after.step == pytest.approx(before.step * times)
    assert between_first(first.film.with_(job=job.id), OFFERS, find) is None, "once"
    plain = pace_of(Film(job=job.id), source, request.frames, times)
    assert math.isclose(plain.step, 1) or settings, "a film of it shows all of its pictures"


def test_what_needs_none_before_it() -> None:
    source = animation(frames=1)
    film = Film(job=source.id, interpolate=2, interpolator="Fade")
    assert between_first(film, OFFERS, lambda id: source) is None
    assert between_first(source.request, OFFERS, lambda id: pytest.fail("not asked")) is None

    def nobody(id: str) -> Job:
        raise UserError("unknown_job")

    assert between_first(film, OFFERS, nobody) is None


def test_the_film_waits_for_the_pictures_between(jobs: Jobs) -> None:
    source = drawn(jobs)
    wanted = {"kind": "film", "job": source.id, "interpolate": 2, "interpolator": "fade"}
    film = jobs.submit({**wanted, "fps": 3, "preset": "ultrafast"}, OWNER)
    assert isinstance(film.request, Film) and film.request.job != source.id
    between = ended(jobs, jobs.get(film.request.job))
    assert isinstance(between.request, Interpolate)
    assert (between.request.interpolator, between.request.job) == ("Fade", source.id)
    assert between.request.images == len(between.pictures) == 5
    film = ended(jobs, film)
    assert film.started is not None and between.ended is not None
    assert film.started >= between.ended
    for one in between.pictures:
        Image.new("RGB", (one.width, one.height), (9, 90, 200)).save(one.file or "")
    again = ended(jobs, jobs.submit(film.request, OWNER))
    assert again.state == JobState.FINISHED, again.problem
    assert again.request == film.request, "nothing more comes between"
    info = film_info(Path(again.pictures[0].file or ""))
    assert (info.frames, info.fps) == (6, 6)


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"job": "0" * 32}, "job", "unknown_job"),
        ({"interpolator": "Fad"}, "interpolator", "unknown_interpolator_near"),
        ({"times": 1}, "times", "too_small"),
        ({}, "job", "interpolate_one"),
    ],
)
def test_what_has_nothing_between(jobs: Jobs, more: Any, field: str, code: str) -> None:
    one = drawn(jobs, batch_count=1)
    values = {"kind": "interpolate", "job": one.id, "interpolator": "Fade", **more}
    with pytest.raises(Refused) as caught:
        jobs.submit(values, OWNER)
    assert [(one.field, one.code) for one in caught.value.problems] == [(field, code)]
