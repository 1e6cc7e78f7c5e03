from webui.core.film import MOST_TIMES, Film, Interpolate
from webui.core.requests import REQUEST

JOB = "a" * 32


def test_one_is_made_however_many_pictures_it_shows() -> None:
    assert Film(job=JOB).images == 1


def test_pictures_between_are_as_many_as_the_job_says() -> None:
    asked = {"kind": "interpolate", "job": JOB, "interpolator": "Fade", "frames": 7}
    request = REQUEST.validate_python(asked)
    assert isinstance(request, Interpolate)
    assert (request.times, request.images) == (2, 7)


def test_a_film_never_needs_more_between_than_can_be_asked_for() -> None:
    most = Film(job=JOB, interpolate=10, slow=10)
    assert (most.interpolate or 0) * (most.slow or 0) <= MOST_TIMES
