"""What follows from what a worker says, or does not say any more."""

from collections.abc import Generator
from pathlib import Path

import pytest

from webui.core.errors import Problem, UserError
from webui.core.events import JobState
from webui.core.requests import Caption, Txt2Img
from webui.core.settings import Settings
from webui.core.wire import Ended, Made, Run
from webui.jobs.ledger import Ledger
from webui.jobs.results import Results
from webui.jobs.runs import ATTEMPTS, Runs

DIED = UserError("worker_died", reason="SIGKILL").problem


class Desk:
    """Runs over a real ledger, with jobs a, b, … of three pictures."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder / "ledger.sqlite")
        results = Results(self.ledger, folder / "outputs")
        self.runs = Runs(self.ledger, results, lambda: Settings(image_quality=17))

    def add(self, id: str) -> None:
        with self.ledger.write() as writing:
            request = Txt2Img(prompt="x", batch_count=3, seed=1)
            writing.add_job(id, "owner", request, 0, 1.0)

    def begin(self) -> Run:
        run = self.runs.begin()
        assert run
        return run

    def make(self, token: int, index: int) -> None:
        made = Made(token=token, index=index, width=8, height=8, seed=1, seconds=1, infotext="")
        self.runs.made(made, b"x")

    def state(self, id: str) -> JobState:
        with self.ledger.read() as reading:
            return reading.job(id).state

    def problem(self, id: str) -> Problem | None:
        with self.ledger.read() as reading:
            return reading.job(id).problem

    def cancel(self, id: str) -> None:
        with self.ledger.write() as writing:
            writing.ask_to_cancel(id)


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    desk = Desk(tmp_path)
    desk.add("a")
    yield desk
    desk.ledger.close()


def test_a_run_names_what_is_there_and_what_holds(desk: Desk) -> None:
    run = desk.begin()
    assert (run.job, run.done, run.settings.image_quality) == ("a", (), 17)
    assert desk.runs.begin() is None
    desk.make(run.token, 0)
    desk.make(run.token, 2)
    desk.runs.interrupt(DIED)
    assert desk.state("a") is JobState.INTERRUPTED
    again = desk.begin()
    assert again.done == (0, 2)
    assert again.token > run.token
    with desk.ledger.read() as reading:
        kinds = [one.event.kind for one in reading.events(None, 0, 99, 99)]
    assert kinds == [*["queued", "started", "image_done", "image_done", "interrupted", "started"]]


@pytest.mark.parametrize(
    ("ended", "state"),
    [
        ({"outcome": "finished"}, JobState.FINISHED),
        ({"outcome": "cancelled"}, JobState.CANCELLED),
        ({"outcome": "failed", "problem": DIED}, JobState.FAILED),
        ({"outcome": "failed"}, JobState.FAILED),
    ],
)
def test_an_end_holds_once_and_for_its_token(
    desk: Desk, ended: dict[str, object], state: JobState
) -> None:
    run = desk.begin()
    desk.runs.ended(Ended.model_validate({"token": run.token + 1, **ended}))
    desk.runs.ended(Ended.model_validate({"token": run.token - 1, **ended}))
    assert desk.state("a") is JobState.RUNNING
    desk.runs.ended(Ended.model_validate({"token": run.token, **ended}))
    assert desk.state("a") is state
    assert (desk.problem("a") is not None) == (state is JobState.FAILED)
    desk.runs.ended(Ended(token=run.token, outcome="finished"))
    assert desk.state("a") is state


def test_a_job_that_makes_a_text_ends_with_it_and_not_before(desk: Desk) -> None:
    desk.runs.ended(Ended(token=desk.begin().token, outcome="finished"))
    with desk.ledger.write() as writing:
        writing.add_job("b", "owner", Caption(image="sha256:" + "0" * 64), 0, 1.0)
    desk.begin()
    desk.runs.interrupt(DIED)
    assert desk.state("b") is JobState.INTERRUPTED
    desk.runs.ended(Ended(token=desk.begin().token, outcome="finished", text="a red apple"))
    with desk.ledger.read() as reading:
        job = reading.job("b")
        event = reading.events(None, 0, 99, 99)[-1].event
    assert (job.state, job.text, job.pictures) == (JobState.FINISHED, "a red apple", ())
    assert event.kind == "finished" and event.text == "a red apple"


def test_three_futile_attempts_in_a_row_are_enough(desk: Desk) -> None:
    for _ in range(ATTEMPTS - 1):
        desk.begin()
        desk.runs.interrupt(DIED)
        assert desk.state("a") is JobState.INTERRUPTED
    desk.begin()
    desk.runs.interrupt(DIED)
    assert desk.state("a") is JobState.PARKED
    problem = desk.problem("a")
    assert problem and problem.code == "parked_worker_died"
    assert problem.values == {"reason": "SIGKILL", "attempts": 3}
    assert desk.runs.begin() is None


def test_a_job_that_gets_on_is_not_given_up(desk: Desk) -> None:
    for index in range(3):
        for _ in range(ATTEMPTS - 1):
            desk.begin()
            desk.runs.interrupt(DIED)
        run = desk.begin()
        desk.make(run.token, index)
        desk.runs.interrupt(DIED)
    assert desk.state("a") is JobState.FINISHED  # all its pictures are there


def test_a_reason_without_a_sentence_of_its_own_is_quoted(desk: Desk) -> None:
    for _ in range(ATTEMPTS):
        desk.begin()
        desk.runs.interrupt(UserError("disk_full", name="x", folder="y").problem)
    problem = desk.problem("a")
    assert problem and problem.code == "parked"
    assert "There is no space left for x" in problem.message


def test_a_wish_to_cancel_outlives_the_worker(desk: Desk) -> None:
    run = desk.begin()
    assert not desk.runs.cancelling(run.token)
    desk.cancel("a")
    assert desk.runs.cancelling(run.token)
    desk.runs.interrupt(DIED)
    assert desk.state("a") is JobState.CANCELLED
    assert not desk.runs.cancelling(run.token)


def test_after_a_stop_of_the_server_jobs_go_on(desk: Desk) -> None:
    desk.add("b")
    run = desk.begin()
    desk.make(run.token, 0)
    with desk.ledger.write() as writing:  # as a kill in the middle of a commit leaves it
        writing._db.execute("UPDATE pictures SET state = 'pending'")
    desk.runs.recover()
    with desk.ledger.read() as reading:
        assert [one.index for one in reading.job("a").pictures] == [0]
    assert desk.state("a") is JobState.INTERRUPTED
    assert desk.state("b") is JobState.QUEUED
    problem = desk.problem("a")
    assert problem and problem.code == "server_stopped"
    assert desk.begin().job == "a"  # the older one of the same owner
