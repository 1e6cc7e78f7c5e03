"""What is written comes back, to whom it may."""

from collections.abc import Generator
from pathlib import Path

import pytest

from webui.core.errors import UnknownId, UserError
from webui.core.events import (
    Cancelled,
    Failed,
    Finished,
    ImageDone,
    Interrupted,
    JobState,
    Parked,
    Picture,
    Started,
)
from webui.core.requests import Txt2Img
from webui.jobs.ledger import Ledger
from webui.jobs.records import Lease, Pending

REQUEST = Txt2Img(prompt="zażółć \0 gęślą", seed=2**64 - 1, batch_count=3, prompts=("a", "b", "c"))
PROBLEM = UserError("server_stopped").problem


@pytest.fixture
def ledger(tmp_path: Path) -> Generator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with ledger.write() as writing:
        for number, owner in enumerate("aab"):
            writing.add_job(f"j{number}", owner, REQUEST, number, 10.0 + number)
    yield ledger
    ledger.close()


def picture(job: str, index: int = 0) -> Picture:
    return Picture(
        id=f"{job}-{index}",
        job=job,
        index=index,
        width=8,
        height=8,
        seed=2**64 - 1,
        seconds=0.5,
        infotext="x\ny",
        file="there",
    )


def test_a_job_comes_back_as_it_was(ledger: Ledger) -> None:
    with ledger.read() as reading:
        job = reading.job("j1")
    assert job.request == REQUEST
    assert (job.owner, job.priority, job.created, job.state) == ("a", 1, 11.0, JobState.QUEUED)
    assert (job.started, job.ended, job.attempts, job.problem, job.pictures) == (
        *(None, None, 0, None),
        (),
    )


def test_attempts_leases_and_turns(ledger: Ledger) -> None:
    with ledger.write() as writing:
        token = writing.begin("j0", 20.0)
        assert writing.lease(token) == Lease(token, "j0", "a", 1, False)
        assert writing.leases() == [Lease(token, "j0", "a", 1, False)]
        assert [one.id for one in writing.waiting()] == ["j2", "j1"]
        assert writing.job("j1").ahead == 2
        writing.ask_to_cancel("j0")
        assert writing.leases()[0].cancelling
        with pytest.raises(Exception, match="UNIQUE"):
            writing.begin("j0", 21.0)
    with ledger.write() as writing:
        writing.end(Interrupted(job="j0", attempt=1, problem=PROBLEM), 30.0)
        job = writing.job("j0")
        assert (job.state, job.ended, job.problem) == (JobState.INTERRUPTED, None, PROBLEM)
        assert writing.lease(token) is None
        second = writing.begin("j0", 40.0)
        assert second > token
        job = writing.job("j0")
        assert (job.attempts, job.started, job.problem) == (2, 20.0, None)
        assert writing.leases()[0].futile == 2


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (Finished(job="j0", seconds=1), JobState.FINISHED),
        (Cancelled(job="j0"), JobState.CANCELLED),
        (Failed(job="j0", problem=PROBLEM), JobState.FAILED),
        (Parked(job="j0", problem=PROBLEM), JobState.PARKED),
    ],
)
def test_ends(
    ledger: Ledger, event: Finished | Cancelled | Failed | Parked, state: JobState
) -> None:
    with ledger.write() as writing:
        writing.begin("j0", 20.0)
        writing.end(event, 30.0)
    with ledger.read() as reading:
        job = reading.job("j0")
        assert (job.state, job.ended) == (state, 30.0)
        assert job.problem == getattr(event, "problem", None)
        assert reading.leases() == []
        assert "j0" not in [one.id for one in reading.waiting()]
        assert [one.id for one in reading.final("a", 5)] == ["j0"]
        assert [one.id for one in reading.active("a")] == ["j1"]
        assert [one.event for one in reading.events("a", 3, 99, 10)] == [event]


def test_a_picture_is_none_before_it_is_done(ledger: Ledger) -> None:
    with ledger.write() as writing:
        writing.begin("j0", 20.0)
        writing.reserve(picture("j0"), "digest")
        assert writing.job("j0").pictures == ()
        assert writing.pending() == [Pending(picture("j0"), "digest")]
        with pytest.raises(UnknownId):
            writing.picture("j0-0")
    with ledger.write() as writing:
        writing.complete(picture("j0"), "digest")
        writing.forget("j0-0")  # too late
    with ledger.read() as reading:
        assert reading.pending() == []
        assert reading.picture("j0-0") == picture("j0")
        assert reading.job("j0").pictures == (picture("j0"),)
        assert reading.made("j0") == (0,)
        assert reading.leases()[0].futile == 0
        (event,) = reading.events(None, 3, 99, 10)
        assert event.event == ImageDone(job="j0", picture=picture("j0"))
        assert event.owner == "a"


def test_a_reserved_picture_can_be_forgotten(ledger: Ledger) -> None:
    with ledger.write() as writing:
        writing.reserve(picture("j0"), "digest")
        writing.forget("j0-0")
        assert writing.pending() == []
        assert writing.made("j0") == ()


def test_events_are_paged_filtered_and_bounded(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.jobs.records.EVENTS_KEPT", 6)
    with ledger.write() as writing:
        for attempt in range(4):
            writing.add_event(Started(job="j2", attempt=attempt, images=3))
    with ledger.read() as reading:
        assert [one.id for one in reading.events(None, 1, 7, 3)] == [2, 3, 4]
        assert [one.id for one in reading.events("a", 1, 7, 9)] == [2]
        assert [one.id for one in reading.events("b", 1, 5, 9)] == [3, 4, 5]
        assert reading.events("b", 7, 7, 9) == []
        for after in (0, 8):
            with pytest.raises(UserError):
                reading.events("a", after, 7, 9)
    with ledger.read() as reading:
        assert reading._db.execute("SELECT COUNT(*) FROM events").fetchone()[0] == 6


def test_history_in_pages(ledger: Ledger) -> None:
    with ledger.read() as reading:
        assert [job.id for job in reading.history(None, 2)] == ["j2", "j1"]
        assert [job.id for job in reading.history(None, 2, "j1")] == ["j0"]
        assert [job.id for job in reading.history("a", 9)] == ["j1", "j0"]
        assert reading.count_waiting("a") == 2
        with pytest.raises(UnknownId):
            reading.history(None, 2, "nothing")
