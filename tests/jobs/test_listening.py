"""Animations that hear."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.setting import OWNER, running
from tests.jobs.test_filming import sent
from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.jobs.animating import plan_for
from webui.jobs.listening import listened
from webui.jobs.queue import Jobs
from webui.library.store import Store


@pytest.fixture
def jobs(tmp_path: Path) -> Generator[Jobs]:
    with running(tmp_path) as jobs:
        yield jobs


def values(ref: str, name: str = "music.wav", fps: int = 10, **source: Any) -> dict[str, Any]:
    series = {"loud": {"sound": "music.wav", **source}, "plain": 3}
    settings = {
        "compat": "native",
        "prompts": {"0": "a"},
        "max_frames": 15,
        "fps": fps,
        "angle": "10*loud + plain",
        "series": series,
    }
    return {"kind": "animation", "settings": settings, "files": {name: ref}}


@pytest.mark.parametrize("name", ["music.wav", "series.loud"])
def test_its_numbers_stand_in_the_settings(jobs: Jobs, tmp_path: Path, name: str) -> None:
    request = Animation.model_validate(values(sent(jobs, tmp_path, 1.0), name))
    heard = jobs.pictures.listened(request)
    plan = plan_for(heard, jobs.pictures.frames)
    assert plan.ok, plan.errors
    assert plan.series["angle"][:10] == pytest.approx(13, abs=0.2)
    assert set(plan.series["angle"][10:]) == {3.0}  # silence
    again = jobs.pictures.listened(heard)
    assert again == heard, "listening twice changes nothing"


def test_a_job_of_it_needs_no_file_to_be_planned(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.submit(values(sent(jobs, tmp_path, 1.0)), OWNER)
    assert isinstance(job.request, Animation)
    assert len(job.request.settings["series"]["loud"]["values"]) == 10


def test_what_was_not_sent_is_told_with_the_plan(tmp_path: Path) -> None:
    request = Animation.model_validate({**values("sha256:" + "0" * 64), "files": {}})
    assert listened(request, Store(tmp_path).path) == request
    plan = plan_for(request, lambda _: None)
    assert [one.parameter for one in plan.errors] == ["series.loud", "angle"]


def test_what_has_no_sound_is_told_with_its_name(jobs: Jobs, tmp_path: Path) -> None:
    file = tmp_path / "words.wav"
    file.write_text("words")
    with pytest.raises(UserError) as caught:
        request = Animation.model_validate(values("sha256:" + "0" * 64))
        listened(request, lambda _: file)
    assert caught.value.problem.field == "settings.series.loud"
    assert caught.value.problem.code == "sound_unread"


def test_another_pace_is_heard_anew(jobs: Jobs, tmp_path: Path) -> None:
    ref = sent(jobs, tmp_path, 1.0)
    heard = jobs.pictures.listened(Animation.model_validate(values(ref)))
    faster = heard.with_(settings={**heard.settings, "fps": 20})
    assert len(jobs.pictures.listened(faster).settings["series"]["loud"]["values"]) == 20
