"""Animations that go on from other jobs' frames: what is taken over, what is refused."""

import errno
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.door import Door, png
from tests.jobs.test_checks import CATALOG
from webui.core.animation import Animation
from webui.core.errors import UnknownId
from webui.core.events import Cancelled, Job, JobState, Picture
from webui.core.requests import Txt2Img
from webui.core.settings import Settings
from webui.core.wire import Beside, Made, Run
from webui.jobs.checks import Refused, accept
from webui.jobs.continuing import forget_states, from_picture_alone
from webui.jobs.given import Pictures
from webui.jobs.ledger import Ledger
from webui.jobs.results import Results
from webui.jobs.runs import Runs
from webui.motion.onward import mark_of
from webui.motion.state import State, save_state
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

OLD, OTHER = "a" * 32, "b" * 32
SETTINGS = {
    "prompts": {"0": "a cat"}, "compat": "native", "max_frames": 8, "W": 64, "H": 64,
    "diffusion_cadence": 1,
}  # fmt: skip

BROKEN = {**SETTINGS, "angle": "0:(sin(t)"}


class Shelf(Door):
    """A door behind which an animation lies that stopped after some of its frames."""

    def __init__(self, folder: Path, frames: Iterable[int] = range(5)) -> None:
        super().__init__(folder)
        self.pictures = Pictures(self.store, lambda id: png(64, 64))
        self.request: Animation = self.taken("animation", settings={**SETTINGS, "seed": 7})
        self.frames = [self._frame(folder, number) for number in frames]

    def _frame(self, folder: Path, number: int) -> Picture:
        file = folder / f"{number}.png"
        file.write_bytes(png(64, 64))
        told = {"index": number, "width": 64, "height": 64, "seed": 7, "seconds": 1}
        known = {"infotext": "", "media_type": "image/png", "file": str(file)}
        return Picture(id=f"{OLD}-{number}", job=OLD, **told, **known)

    def find(self, id: str) -> Job:
        if id == OTHER:
            request: Any = Txt2Img(prompt="x")
        elif id == OLD:
            request = self.request
        else:
            raise UnknownId("unknown_job")
        state = JobState.CANCELLED
        return Job(
            id=id, owner="x", request=request, state=state, created=1, pictures=tuple(self.frames)
        )

    def goes_on(self, job: str = OLD, frame: int | None = None, **values: Any) -> Animation:
        given = {"kind": "animation", "after": {"job": job, "frame": frame}, **values}
        parts = (CATALOG, Settings(), self.extensions, self.pictures, self.find)
        request: Any = accept(given, self.offers, *parts)
        assert accept(request.model_dump(), self.offers, *parts) == request
        return request

    @property
    def offers(self) -> Any:
        from webui.core.offers import Offers

        return Offers()

    def refuses(self, job: str = OLD, frame: int | None = None, **values: Any) -> dict[str, str]:
        with pytest.raises(Refused) as caught:
            self.goes_on(job, frame, **values)
        return {one.field or "": one.code for one in caught.value.problems}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_alone_it_is_the_same_animation_from_the_first_frame_that_is_missing(shelf: Shelf) -> None:
    request = shelf.goes_on()
    assert request.after is not None and request.after.frame == 5
    assert sorted(request.after.pictures) == ["0", "4"]
    assert all(ref.startswith("sha256:") for ref in request.after.pictures.values())
    assert request.with_(after=None) == shelf.request


def test_changed_settings_are_its_own_and_keep_the_seed(shelf: Shelf) -> None:
    request = shelf.goes_on(frame=3, settings={**SETTINGS, "angle": "7", "max_frames": 20})
    assert request.after is not None and request.after.frame == 3
    assert (request.frames, request.settings["seed"]) == (20, 7)
    assert request.settings["angle"] == "7"
    other = shelf.goes_on(frame=3, settings={**SETTINGS, "seed": 9})
    assert other.settings["seed"] == 9 and other.model == shelf.request.model


def test_where_nothing_was_made_it_begins_at_the_beginning(tmp_path: Path) -> None:
    assert Shelf(tmp_path, frames=()).goes_on().after is None


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"job": "c" * 32}, {"after.job": "unknown_job"}),
        ({"job": OTHER}, {"after.job": "after_no_animation"}),
        ({"frame": 6}, {"after.frame": "after_missing"}),
        ({"frame": 8}, {"after.frame": "after_complete"}),
        ({"settings": {**SETTINGS, "W": 128}}, {"after.job": "after_size"}),
        ({"draft": 0.5, "settings": {**SETTINGS, "W": 256}}, {"after.job": "after_size"}),
        (
            {"settings": {**SETTINGS, "angle": "0:(sin(t)"}},
            {"settings.angle": "formula_not_closed"},
        ),
    ],
)
def test_what_cannot_be_gone_on_from_is_said(
    shelf: Shelf, values: dict[str, Any], problem: dict[str, str]
) -> None:
    assert shelf.refuses(**values) == problem


def test_a_frame_whose_file_is_gone_is_missing(shelf: Shelf) -> None:
    Path(shelf.frames[2].file or "").unlink()
    request = shelf.goes_on()
    assert request.after is not None and request.after.frame == 2


def test_that_only_a_picture_is_known_is_told(shelf: Shelf, tmp_path: Path) -> None:
    request = shelf.goes_on()
    plan = plan_of(settings_of(request.settings))
    found = from_picture_alone(request, plan, tmp_path / "states")
    assert found is not None and found.code == "after_picture"
    save_state(tmp_path / "states" / OLD, State(5, frame=4), mark_of(shelf.request, plan))
    assert from_picture_alone(request, plan, tmp_path / "states") is None
    assert from_picture_alone(shelf.request, plan, tmp_path / "states") is None


class Desk:
    """Runs over a real ledger; the job OLD made three frames and was cancelled."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder / "ledger.sqlite")
        self.results = Results(self.ledger, folder / "outputs")
        self.runs = Runs(self.ledger, self.results)
        self.add(OLD)
        run = self.begin()
        for index in range(3):
            told = Made(
                token=run.token, index=index, width=64, height=64, seed=1, seconds=1, infotext="x"
            )
            self.runs.made(told, bytes([index]))
        with self.ledger.write() as writing:
            writing.end(Cancelled(job=OLD), 2.0)

    def add(self, id: str, **values: Any) -> None:
        request = Animation(settings=SETTINGS, frames=8, **values)
        with self.ledger.write() as writing:
            writing.add_job(id, "owner", request, 0, 1.0)

    def begin(self) -> Run:
        run = self.runs.begin()
        assert run
        return run

    def job(self, id: str) -> Job:
        with self.ledger.read() as reading:
            return reading.job(id)


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.ledger.close()


def test_the_frames_before_are_pictures_of_the_new_job_whatever_becomes_of_the_old_ones(
    desk: Desk,
) -> None:
    desk.add(OTHER, after={"job": OLD, "frame": 2})
    run = desk.begin()
    assert (run.job, run.done) == (OTHER, (0, 1))
    old, new = desk.job(OLD).pictures, desk.job(OTHER).pictures
    assert [one.index for one in new] == [0, 1] and new[0].infotext == "x"
    for one in old:
        Path(one.file or "").unlink()
    assert [desk.results.data(one.id) for one in new] == [bytes([0]), bytes([1])]


def test_a_kill_while_they_are_copied_costs_nothing(desk: Desk) -> None:
    desk.add(OTHER, after={"job": OLD, "frame": 3})
    desk.begin()
    desk.runs.recover()
    assert desk.begin().done == (0, 1, 2)


def test_a_job_whose_frames_are_gone_fails_with_a_sentence_and_the_next_one_runs(
    desk: Desk,
) -> None:
    Path(desk.job(OLD).pictures[1].file or "").unlink()
    desk.add(OTHER, after={"job": OLD, "frame": 3})
    desk.add("c" * 32)
    assert desk.begin().job == "c" * 32
    failed = desk.job(OTHER)
    assert failed.state is JobState.FAILED and failed.problem
    assert failed.problem.code == "picture_gone"


def test_what_is_kept_goes_when_it_is_of_no_use_any_more(desk: Desk, tmp_path: Path) -> None:
    desk.add(OTHER)
    plan = plan_of(settings_of(SETTINGS))
    mark = mark_of(Animation(settings=SETTINGS), plan)
    for name in (OLD, OTHER, "c" * 32):
        save_state(tmp_path / "states" / name, State(3), mark)

    def kept() -> list[str]:
        with desk.ledger.read() as reading:
            forget_states(tmp_path / "states", reading)
        return sorted(one.name for one in (tmp_path / "states").iterdir())

    assert kept() == [OLD, OTHER], "one has frames, one is yet to run, one is not known"
    for one in desk.job(OLD).pictures:
        Path(one.file or "").unlink()
    assert kept() == [OTHER]


def test_an_animation_ends_with_a_frame_that_cannot_be_saved_and_goes_on_from_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.add(OTHER)
    run = desk.begin()

    def made(index: int) -> bool:
        told = Made(
            token=run.token, index=index, width=64, height=64, seed=1, seconds=1, infotext="x"
        )
        return desk.runs.made(told, bytes([index]))

    assert made(0) and made(1)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        assert not made(2), "the worker is told to stop"
        assert made(3), "what comes later is not of this run any more"
    job = desk.job(OTHER)
    assert job.state is JobState.FAILED and job.problem and job.problem.code == "disk_full"
    assert [one.index for one in job.pictures if one.file] == [0, 1]
    assert desk.results.data(job.pictures[2].id) == bytes([2]), "also what could not be saved"
    after = {"job": OTHER, "frame": 2}
    desk.add("c" * 32, after=after)
    assert desk.begin().done == (0, 1)


def test_what_lies_beside_frames_is_no_frame(desk: Desk, tmp_path: Path) -> None:
    desk.add(OTHER)
    run = desk.begin()
    for _ in range(2):  # a second time, as after a kill
        desk.runs.beside(Beside(token=run.token, index=5, name="depth"), b"depth")
    (path,) = (tmp_path / "outputs").rglob("*_depth_000000005.png")
    assert path.read_bytes() == b"depth" and desk.job(OTHER).pictures == ()
    desk.runs.beside(Beside(token=run.token + 7, index=6, name="depth"), b"late")
    assert not list((tmp_path / "outputs").rglob("*_depth_000000006.png"))
