"""A job is done by whom it is meant for, and only they count before it."""

from collections.abc import Generator
from pathlib import Path

import pytest

from webui.core.errors import UserError
from webui.core.events import Interrupted, JobState
from webui.core.requests import KINDS, Download, Txt2Img
from webui.jobs.lanes import CHORES, WORKER, lane_of
from webui.jobs.ledger import Ledger
from webui.jobs.results import Results
from webui.jobs.runs import ATTEMPTS, Runs

STOPPED = UserError("server_stopped").problem


class Desk:
    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder / "ledger.sqlite")
        self.runs = Runs(self.ledger, Results(self.ledger, folder / "outputs"))

    def add(self, id: str, request: Txt2Img | Download, owner: str = "a") -> None:
        with self.ledger.write() as writing:
            writing.add_job(id, owner, request, 0, 1.0)

    def ahead(self, id: str) -> int | None:
        with self.ledger.read() as reading:
            return reading.job(id).ahead

    def state(self, id: str) -> JobState:
        with self.ledger.read() as reading:
            return reading.job(id).state


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    desk = Desk(tmp_path)
    for number in (1, 2):
        desk.add(f"draw{number}", Txt2Img(prompt="x", seed=1))
        desk.add(f"load{number}", Download(source="a/b"))
    yield desk
    desk.ledger.close()


def test_every_kind_has_a_lane():
    chores = {kind for kind in KINDS if lane_of(kind) == CHORES}
    assert chores == {"download", "film", "hash", "plot"}


def test_each_lane_takes_its_own(desk: Desk) -> None:
    assert [desk.ahead(id) for id in ("draw1", "draw2", "load1", "load2")] == [0, 1, 0, 1]
    run = desk.runs.begin()
    chore = desk.runs.begin(CHORES)
    assert run and chore
    assert (run.job, chore.job) == ("draw1", "load1")
    assert [desk.ahead(id) for id in ("draw1", "draw2", "load1", "load2")] == [None, 1, None, 1]


def test_the_end_of_a_worker_leaves_chores_alone(desk: Desk) -> None:
    run, chore = desk.runs.begin(), desk.runs.begin(CHORES)
    assert run and chore
    desk.runs.interrupt(STOPPED)
    assert desk.state("draw1") == JobState.INTERRUPTED
    assert desk.state("load1") == JobState.RUNNING
    desk.runs.interrupt(STOPPED, CHORES)
    assert desk.state("load1") == JobState.INTERRUPTED


def test_a_restart_takes_over_all_lanes(desk: Desk) -> None:
    desk.runs.begin()
    desk.runs.begin(CHORES)
    desk.runs.recover()
    assert desk.state("draw1") == desk.state("load1") == JobState.INTERRUPTED


def test_a_chore_that_gets_on_is_never_parked(desk: Desk) -> None:
    for _ in range(ATTEMPTS + 2):
        chore = desk.runs.begin(CHORES)
        assert chore and chore.job == "load1"
        desk.runs.got_on(chore.token)
        desk.runs.recover()
        assert desk.state("load1") == JobState.INTERRUPTED
    for _ in range(ATTEMPTS):
        desk.runs.begin(CHORES)
        desk.runs.recover()
    assert desk.state("load1") == JobState.PARKED


def test_turns_are_those_of_the_lane(desk: Desk) -> None:
    """Who downloads does not wait longer for his pictures."""
    with desk.ledger.write() as writing:
        for number in range(3):  # the first owner's turns as a downloader
            writing.begin("load1", 2.0)
            writing.end(Interrupted(job="load1", attempt=number, problem=STOPPED), 2.0)
    desk.add("other", Txt2Img(prompt="x", seed=1), "b")
    with desk.ledger.read() as reading:
        assert [one.id for one in reading.waiting(WORKER)] == ["draw1", "other", "draw2"]
