"""Jobs that are cancelled, and what ends with them."""

from pathlib import Path

from tests.jobs.setting import OWNER, running, until
from webui.core.events import Job, JobState
from webui.core.film import Film, Interpolate
from webui.jobs.cancelling import cancel_with_parts
from webui.jobs.ledger import Ledger
from webui.jobs.queue import Jobs

HELD = {"prompt": "batch", "batch_count": 3}
"""Pictures that do not come before they are skipped."""


def film_of(jobs: Jobs, job: Job) -> tuple[Job, Job]:
    """A film, and the pictures between that come before it."""
    until(lambda: len(jobs.offers.interpolators) == 2)
    wanted = {"kind": "film", "job": job.id, "interpolate": 2, "interpolator": "Fade"}
    film = jobs.submit({**wanted, "preset": "ultrafast"}, OWNER)
    assert isinstance(film.request, Film)
    return film, jobs.get(film.request.job)


def test_with_a_film_end_the_pictures_between_that_came_with_it(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        source = jobs.submit(HELD, OWNER)
        film, between = film_of(jobs, source)
        assert isinstance(between.request, Interpolate) and between.request.for_film
        assert jobs.cancel(film.id).state == JobState.CANCELLED
        assert jobs.get(between.id).state == JobState.CANCELLED
        assert jobs.get(source.id).state != JobState.CANCELLED, "it is of use without a film"


def test_pictures_between_that_run_are_asked_to_end(tmp_path: Path) -> None:
    between = Interpolate(job="a" * 32, interpolator="Fade", for_film=True)
    with Ledger(tmp_path / "ledger").write() as writing:
        writing.add_job("b" * 32, OWNER, between, 0, 1.0)
        writing.add_job("c" * 32, OWNER, Film(job="b" * 32), 0, 1.0)
        writing.begin("b" * 32, 2.0)
        assert cancel_with_parts(writing, "c" * 32).state == JobState.CANCELLED
        assert [(one.job, bool(one.cancelling)) for one in writing.leases()] == [("b" * 32, True)]


def test_pictures_between_stay_while_another_film_waits_for_them(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        source = jobs.submit(HELD, OWNER)
        film, between = film_of(jobs, source)
        other = jobs.submit(film.request, OWNER)
        jobs.cancel(film.id)
        assert jobs.get(between.id).state == JobState.QUEUED
        jobs.cancel(other.id)
        assert jobs.get(between.id).state == JobState.CANCELLED


def test_pictures_between_that_were_asked_for_by_themselves_stay(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        source = jobs.submit(HELD, OWNER)
        until(lambda: len(jobs.offers.interpolators) == 2)
        alone = {"kind": "interpolate", "job": source.id, "interpolator": "Fade", "for_film": True}
        between = jobs.submit(alone, OWNER)
        film = jobs.submit({"kind": "film", "job": between.id}, OWNER)
        jobs.cancel(film.id)
        assert jobs.get(between.id).state == JobState.QUEUED
