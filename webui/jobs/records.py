"""What stands in the ledger, as values: one class to read it, one to change it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from webui.core.errors import Problem, UnknownId, UserError
from webui.core.events import (
    EVENT,
    FINAL,
    Cancelled,
    Event,
    Failed,
    Finished,
    ImageDone,
    Interrupted,
    Job,
    JobEvent,
    JobState,
    Parked,
    Picture,
    Queued,
)
from webui.core.pictures import STORED
from webui.core.requests import REQUEST, AnyRequest
from webui.jobs.lanes import LANES, WORKER, Lane, lane_of
from webui.jobs.order import Waiting, in_turn
from webui.jobs.picture_rows import ALL, count_of, last_of, page_of

EVENTS_KEPT = 10_000
"""How far back a client may have lost its connection and still go on from its last event."""
LAST = 60
"""Pictures of each job in a list of jobs; an animation may have thousands."""
_FINAL = ", ".join(f"'{state}'" for state in sorted(FINAL))
_WAITING = f"'{JobState.QUEUED}', '{JobState.INTERRUPTED}'"


class Recorded(NamedTuple):
    """A durable event and who may see it."""

    id: int
    owner: str
    event: Event


class Asked(NamedTuple):
    """A job's number, when it was asked for or begun, and its request as JSON."""

    number: int
    at: float
    request: str


class Lease(NamedTuple):
    """A run's right to add to its job, and where that job stands."""

    token: int
    job: str
    owner: str
    futile: int
    cancelling: bool


class Pending(NamedTuple):
    """A picture whose file may or may not have been written; `digest` is the file's SHA-256."""

    picture: Picture
    digest: str


class Reading:
    """Questions to one moment of the ledger. `owner=None` sees everybody's."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def job(self, id: str) -> Job:
        """One job.

        Raises:
            UnknownId: there is none of this id.
        """
        found = self._jobs("id = ?", (id,)) if id.isascii() else []
        return found[0] if found else _unknown()

    def bare(self, id: str) -> Job:
        """One job without its pictures, of which there may be ten thousands: not even counted.

        Raises:
            UnknownId: there is none of this id.
        """
        found = self._jobs("id = ?", (id,), pictures=0) if id.isascii() else []
        return found[0] if found else _unknown()

    def sooner(self, id: str, kind: str) -> int:
        """How many jobs of that kind were asked for before one, but in the same second."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM jobs AS other, jobs AS mine WHERE mine.id = ?"
            " AND other.number BETWEEN mine.number - 1000 AND mine.number - 1"  # not all there are
            " AND other.created >= CAST(mine.created AS INTEGER)"
            " AND json_extract(other.request, '$.kind') = ?",
            (id, kind),
        ).fetchone()
        return count

    def pictures(self, job: str, first: int, count: int) -> list[Picture]:
        """Some of a job's pictures, in their order, without the first ones before."""
        return page_of(self._db, job, first, count)

    def count_pictures(self, job: str) -> int:
        """How many pictures of a job are there."""
        return count_of(self._db, job)

    def history(self, owner: str | None, limit: int, before: str | None = None) -> list[Job]:
        """Jobs of all states, the newest first; `before` is the id where the last page ended.

        Like all lists of jobs, each with no more than its last pictures.

        Raises:
            UnknownId: there is no job `before`.
        """
        whose, values = _of(owner)
        if before is None:
            return self._jobs(whose, values, limit, LAST)
        values = (*values, self._number(before))
        return self._jobs(f"{whose} AND number < ?", values, limit, LAST)

    def active(self, owner: str | None) -> list[Job]:
        """Jobs that are not over, the newest first."""
        whose, values = _of(owner)
        running = f"state IN ({_WAITING}, '{JobState.RUNNING}')"
        return self._jobs(f"{whose} AND {running}", values, pictures=LAST)

    def final(self, owner: str | None, limit: int) -> list[Job]:
        """Jobs that are over, the newest first."""
        whose, values = _of(owner)
        return self._jobs(f"{whose} AND state IN ({_FINAL})", values, limit, LAST)

    def waiting(self, lane: Lane = WORKER) -> list[Waiting]:
        """Jobs of a lane that wait, in the order in which they will run.

        One that is about other jobs, as a film of pictures, is among them when those are over.
        """
        rows = self._db.execute(
            "SELECT number, id, owner, priority, (SELECT MAX(turn) FROM jobs AS his"
            " WHERE his.owner = jobs.owner AND his.lane = jobs.lane) AS turn"
            f" FROM jobs WHERE state IN ({_WAITING}) AND lane = ? AND NOT EXISTS"
            " (SELECT 1 FROM jobs AS other WHERE other.id IN"
            " (SELECT value FROM json_each(jobs.request, '$.jobs')"
            " UNION ALL SELECT json_extract(jobs.request, '$.job'))"
            f" AND other.state NOT IN ({_FINAL}))",
            (lane,),
        )
        return in_turn(Waiting(*row) for row in rows)

    def count_waiting(self, owner: str) -> int:
        """How many of an owner's jobs wait."""
        row = self._db.execute(
            f"SELECT COUNT(*) FROM jobs WHERE owner = ? AND state IN ({_WAITING})", (owner,)
        ).fetchone()
        return row[0]

    def asked_after(self, number: int, limit: int) -> list[Asked]:
        """Jobs with larger numbers, in their order."""
        rows = self._db.execute(
            "SELECT number, COALESCE(started, created) AS at, request FROM jobs"
            " WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        return [Asked(*row) for row in rows]

    def pictures_given(self) -> frozenset[str]:
        """Names of all stored pictures that any request begins with."""
        rows = self._db.execute("SELECT request FROM jobs WHERE request LIKE '%\"sha256:%'")
        return frozenset(name for (text,) in rows for name in re.findall(STORED, text))

    def picture(self, id: str) -> Picture:
        """One picture.

        Raises:
            UnknownId: there is none of this id.
        """
        row = self._db.execute(
            "SELECT json FROM pictures WHERE id = ? AND state = 'done'",
            (id if id.isascii() else "",),
        ).fetchone()
        if row is None:
            raise UnknownId("unknown_picture")
        return Picture.model_validate_json(row["json"])

    def made(self, job: str) -> tuple[int, ...]:
        """Indices of a job's pictures that are there."""
        rows = self._db.execute("SELECT place FROM pictures WHERE job = ? ORDER BY place", (job,))
        return tuple(row["place"] for row in rows)

    def is_made(self, id: str) -> bool:
        """Whether a picture is there, or is just being written."""
        return bool(self._db.execute("SELECT 1 FROM pictures WHERE id = ?", (id,)).fetchone())

    def pending(self) -> list[Pending]:
        """Pictures whose commit was cut short."""
        rows = self._db.execute("SELECT json, digest FROM pictures WHERE state = 'pending'")
        return [Pending(Picture.model_validate_json(row["json"]), row["digest"]) for row in rows]

    def leases(self, lane: Lane | None = None) -> list[Lease]:
        """The runs of a lane (None: all) that may add to their jobs."""
        return self._leases("1") if lane is None else self._leases("lane = ?", lane)

    def lease(self, token: int) -> Lease | None:
        """The lease of a token, if it is still in force."""
        return next(iter(self._leases("token = ?", token)), None)

    def last_event(self) -> int:
        """Id of the newest durable event, 0 before the first."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        return row["seq"] if row else 0

    def events(self, owner: str | None, after: int, upto: int, limit: int) -> list[Recorded]:
        """Durable events after one and up to another, in order.

        Raises:
            UserError: events in between are not kept any more (or never were): start anew.
        """
        last = self.last_event()
        if not last - EVENTS_KEPT <= after <= last:
            raise UserError("events_gone")
        whose, values = _of(owner)
        rows = self._db.execute(
            "SELECT id, owner, json FROM events"
            f" WHERE {whose} AND id > ? AND id <= ? ORDER BY id LIMIT ?",
            (*values, after, upto, limit),
        )
        return [Recorded(row["id"], row["owner"], EVENT.validate_json(row["json"])) for row in rows]

    def _number(self, id: str) -> int:
        select = "SELECT number FROM jobs WHERE id = ?"
        row = self._db.execute(select, (id,)).fetchone() if id.isascii() else None
        return row["number"] if row else _unknown()

    def _leases(self, condition: str, *values: object) -> list[Lease]:
        rows = self._db.execute(
            "SELECT token, job, owner, futile, cancelling FROM leases JOIN jobs ON id = job"
            f" WHERE {condition}",
            values,
        )
        return [Lease(*row) for row in rows]

    def _jobs(
        self, condition: str, values: Sequence[object], limit: int = -1, pictures: int = ALL
    ) -> list[Job]:
        rows = self._db.execute(
            f"SELECT * FROM jobs WHERE {condition} ORDER BY number DESC LIMIT {limit}", values
        ).fetchall()
        ahead = self._ahead() if any(JobState(row["state"]) in _AHEAD for row in rows) else {}
        return [self._job(row, pictures, ahead.get(row["id"])) for row in rows]

    def _job(self, row: sqlite3.Row, pictures: int, ahead: int | None) -> Job:
        if not pictures:
            return _told(row, (), 0, ahead)
        last = last_of(self._db, row["id"], pictures)
        count = len(last) if pictures == ALL else count_of(self._db, row["id"])
        return _told(row, last, count, ahead)

    def _ahead(self) -> dict[str, int]:
        return {
            job.id: place
            for lane in LANES
            for place, job in enumerate(self.waiting(lane), len(self.leases(lane)))
        }


_AHEAD = frozenset({JobState.QUEUED, JobState.INTERRUPTED})
_STATES: dict[type[Event], JobState] = {
    Finished: JobState.FINISHED,
    Cancelled: JobState.CANCELLED,
    Failed: JobState.FAILED,
    Parked: JobState.PARKED,
    Interrupted: JobState.INTERRUPTED,
}


class Writing(Reading):
    """Changes within one transaction; `added` are its events."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__(db)
        self.added: list[Recorded] = []

    def add_job(
        self, id: str, owner: str, request: AnyRequest, priority: int, created: float
    ) -> None:
        """A new job; it waits."""
        self._db.execute(
            "INSERT INTO jobs (id, owner, request, priority, state, created, lane)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(id, owner, request.model_dump_json(), priority, JobState.QUEUED, created),
                lane_of(request.kind),
            ),
        )
        self.add_event(Queued(job=id))

    def begin(self, job: str, started: float) -> int:
        """A job's next attempt; returns the token of its lease."""
        token = self._db.execute("INSERT INTO leases (job) VALUES (?)", (job,)).lastrowid
        assert token is not None
        self._db.execute(
            "UPDATE jobs SET state = ?, started = COALESCE(started, ?), attempts = attempts + 1,"
            " futile = futile + 1, turn = ?, problem = NULL WHERE id = ?",
            (JobState.RUNNING, started, token, job),
        )
        return token

    def got_on(self, job: str) -> None:
        """A job without pictures made something that stays: its attempts count anew."""
        self._db.execute("UPDATE jobs SET futile = 0 WHERE id = ?", (job,))

    def ask_to_cancel(self, job: str) -> None:
        """Note that a running job is to stop."""
        self._db.execute("UPDATE jobs SET cancelling = 1 WHERE id = ?", (job,))

    def end(self, event: Finished | Cancelled | Failed | Parked | Interrupted, now: float) -> None:
        """A job does not run any more, or not at all; the event says how it ended."""
        state = _STATES[type(event)]
        problem: Problem | None = getattr(event, "problem", None)
        self._db.execute("DELETE FROM leases WHERE job = ?", (event.job,))
        self._db.execute(
            "UPDATE jobs SET state = ?, ended = ?, problem = ?, text = ? WHERE id = ?",
            (
                state,
                now if state in FINAL else None,
                problem and problem.model_dump_json(),
                event.text if isinstance(event, Finished) else None,
                event.job,
            ),
        )
        self.add_event(event)

    def reserve(self, picture: Picture, digest: str) -> None:
        """Say which file a picture is going to have, and what will be in it."""
        self._put(picture, "pending", digest)

    def complete(self, picture: Picture, digest: str) -> None:
        """A picture is there: from now on it is a result, and its job got on."""
        self._put(picture, "done", digest)
        self.got_on(picture.job)
        self.add_event(ImageDone(job=picture.job, picture=picture))

    def forget(self, picture: str) -> None:
        """A reserved picture will not come."""
        self._db.execute("DELETE FROM pictures WHERE id = ? AND state = 'pending'", (picture,))

    def add_event(self, event: JobEvent) -> None:
        """Record a durable event; those that are too old to be asked for go."""
        row: Any = self._db.execute("SELECT owner FROM jobs WHERE id = ?", (event.job,)).fetchone()
        id = self._db.execute(
            "INSERT INTO events (job, owner, json) VALUES (?, ?, ?)",
            (event.job, row["owner"], event.model_dump_json()),
        ).lastrowid
        assert id is not None
        self._db.execute("DELETE FROM events WHERE id <= ?", (id - EVENTS_KEPT,))
        self.added.append(Recorded(id, row["owner"], event))

    def _put(self, picture: Picture, state: str, digest: str) -> None:
        self._db.execute(
            "INSERT INTO pictures (id, job, place, state, digest, json) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET state = excluded.state, json = excluded.json",
            (picture.id, picture.job, picture.index, state, digest, picture.model_dump_json()),
        )


def _of(owner: str | None) -> tuple[str, tuple[str, ...]]:
    """The condition that a row is the owner's."""
    return ("1", ()) if owner is None else ("owner = ?", (owner,))


def _unknown() -> Any:
    raise UnknownId("unknown_job")


def _told(row: sqlite3.Row, pictures: tuple[Picture, ...], count: int, ahead: int | None) -> Job:
    return Job(
        id=row["id"],
        owner=row["owner"],
        request=REQUEST.validate_json(row["request"]),
        state=row["state"],
        priority=row["priority"],
        created=row["created"],
        started=row["started"],
        ended=row["ended"],
        attempts=row["attempts"],
        ahead=ahead,
        problem=row["problem"] and Problem.model_validate_json(row["problem"]),
        text=row["text"],
        pictures=pictures,
        picture_count=count,
    )
