"""The pictures of jobs in the ledger: how many there are, and the last few."""

from __future__ import annotations

import sqlite3

from webui.core.events import Picture

ALL = -1


def count_of(db: sqlite3.Connection, job: str) -> int:
    """How many pictures of a job are there; by indexes alone, of however many."""
    row = db.execute(
        "SELECT (SELECT COUNT(*) FROM pictures WHERE job = ?)"
        " - (SELECT COUNT(*) FROM pictures WHERE job = ? AND state = 'pending')",
        (job, job),
    ).fetchone()
    return row[0]


def last_of(db: sqlite3.Connection, job: str, most: int) -> tuple[Picture, ...]:
    """The last pictures of a job, in their order; `ALL` for all of them."""
    rows = db.execute(
        "SELECT json FROM pictures WHERE job = ? AND state = 'done' ORDER BY place DESC LIMIT ?",
        (job, most),
    ).fetchall()
    return tuple(Picture.model_validate_json(row["json"]) for row in reversed(rows))


def page_of(db: sqlite3.Connection, job: str, first: int, count: int) -> list[Picture]:
    """Some of a job's pictures, in their order.

    Args:
        first: how many are left out before them.
        count: how many at most.
    """
    rows = db.execute(
        "SELECT json FROM pictures WHERE job = ? AND state = 'done' ORDER BY place"
        " LIMIT ? OFFSET ?",
        (job, count, first),
    )
    return [Picture.model_validate_json(row["json"]) for row in rows]
