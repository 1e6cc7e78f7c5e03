"""The ledger's tables, as steps from one version of them to the next.

`PRAGMA user_version` counts the steps that a file has taken. A step that was released is never
changed; what follows is a new one.
"""

from __future__ import annotations

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE jobs (
        number INTEGER PRIMARY KEY,        -- age: older jobs have smaller ones
        id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        request TEXT NOT NULL,
        priority INTEGER NOT NULL,
        state TEXT NOT NULL,
        created REAL NOT NULL,
        started REAL,                      -- first attempt
        ended REAL,
        attempts INTEGER NOT NULL DEFAULT 0,
        futile INTEGER NOT NULL DEFAULT 0, -- attempts since the last new picture
        turn INTEGER NOT NULL DEFAULT 0,   -- token of the last attempt: when its owner had a turn
        cancelling INTEGER NOT NULL DEFAULT 0,
        problem TEXT
    );
    CREATE INDEX jobs_state ON jobs (state, number);
    CREATE INDEX jobs_owner ON jobs (owner, number);
    CREATE INDEX jobs_turn ON jobs (owner, turn);

    CREATE TABLE leases (
        token INTEGER PRIMARY KEY AUTOINCREMENT,  -- fencing: only ever grows
        job TEXT NOT NULL UNIQUE REFERENCES jobs (id)
    );

    CREATE TABLE pictures (
        id TEXT PRIMARY KEY,
        job TEXT NOT NULL REFERENCES jobs (id),
        place INTEGER NOT NULL,            -- index in the job
        state TEXT NOT NULL CHECK (state IN ('pending', 'done')),
        digest TEXT NOT NULL,              -- SHA-256 of the file
        json TEXT NOT NULL,
        UNIQUE (job, place)
    ) WITHOUT ROWID;
    CREATE INDEX pictures_pending ON pictures (state) WHERE state = 'pending';

    CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        job TEXT NOT NULL,
        owner TEXT NOT NULL,
        json TEXT NOT NULL
    );
    CREATE INDEX events_owner ON events (owner, id);
    """,
    """
    ALTER TABLE jobs ADD COLUMN text TEXT;  -- the result of a job that makes no picture
    """,
    """
    ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT 'worker';  -- who does it, see `lanes`
    DROP INDEX jobs_turn;
    CREATE INDEX jobs_turn ON jobs (owner, lane, turn);
    """,
)
