"""What was once read from model files, kept over restarts: what they are, and their hashes.

One SQLite file that the server, the worker and the shell share. All of it can be computed again:
a file that is broken is made anew, and where none can be kept, everything works without.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from webui.library.stamps import Stamp, stamp

BUSY_SECONDS = 10.0
"""How long another process may hold the file."""

_TABLES = (
    "CREATE TABLE IF NOT EXISTS looked"
    " (path TEXT PRIMARY KEY, stamps TEXT NOT NULL, told TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS hashes"
    " (path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL,"
    " sha256 TEXT NOT NULL, autov3 TEXT) WITHOUT ROWID",
)
_BROKEN = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR")
"""The last one: tables of another shape."""
_TIDY = 1000
"""Rows of files that are gone may be kept up to this many; drives come and go."""


class Look(NamedTuple):
    """What a file's header told.

    Attributes:
        path: of the file or folder.
        stamps: of what was looked at, as text; another one now means that it has changed.
        told: JSON.
    """

    path: str
    stamps: str
    told: str


class Hashed(NamedTuple):
    """Hashes of a file as it was.

    Attributes:
        at: its size and time then.
        sha256: of the file.
        autov3: SHA-256 of a `.safetensors` file without its header; None for others.
    """

    at: Stamp
    sha256: str
    autov3: str | None


class Index:
    """Any thread and any number of processes may use it; nothing is opened between two uses."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stored: Stamp | None = None
        self._hashes: dict[str, Hashed] = {}

    def looks(self, paths: Iterable[str]) -> dict[str, Look]:
        """What is known of some files."""
        found: dict[str, Look] = {}

        def read(db: sqlite3.Connection) -> None:
            for path in paths:
                row = db.execute("SELECT * FROM looked WHERE path = ?", (path,)).fetchone()
                if row is not None:
                    found[path] = Look(*row)

        self._use(read)
        return found

    def keep(self, looks: Sequence[Look]) -> None:
        """Remember what was told, all or nothing."""
        self._change("INSERT OR REPLACE INTO looked VALUES (?, ?, ?)", looks)

    def tidy(self, paths: Iterable[str]) -> None:
        """Forget files that are not among these, once there are many of them."""
        here = set(paths)
        known: set[str] = set()
        self._use(lambda db: known.update(row[0] for row in db.execute("SELECT path FROM looked")))
        if len(gone := known - here) > max(_TIDY, len(here)):
            self._change("DELETE FROM looked WHERE path = ?", [(path,) for path in gone])

    @property
    def hashes(self) -> Mapping[str, Hashed]:
        """Path -> hashes, also those that another process computed; never changed, but replaced."""
        now = stamp(self._path)
        with self._lock:
            if now is not None and now != self._stored:
                self._stored = now
                rows: dict[str, Hashed] = {}

                def read(db: sqlite3.Connection) -> None:
                    for path, size, modified, *both in db.execute("SELECT * FROM hashes"):
                        rows[path] = Hashed((size, modified), *both)

                self._use(read)
                if rows.items() - self._hashes.items():
                    self._hashes = {**self._hashes, **rows}
            return self._hashes

    def remember(self, path: str, hashed: Hashed) -> None:
        """Keep the hashes of a file."""
        row = (path, *hashed.at, hashed.sha256, hashed.autov3)
        self._change("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?)", [row])
        with self._lock:
            self._hashes = {**self._hashes, path: hashed}

    def _change(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        def write(db: sqlite3.Connection) -> None:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(statement, rows)
            db.execute("COMMIT")

        self._use(write)

    def _use(self, action: Callable[[sqlite3.Connection], None]) -> None:
        """Do something with a connection; where the file cannot be used, it comes to nothing."""
        try:
            with closing(self._connect()) as db:
                action(db)
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorname", "") in _BROKEN:
                self._drop()

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(exist_ok=True)  # a data folder that is not there is not made
        try:
            return _prepared(self._path)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname not in _BROKEN:
                raise
            self._drop()
            return _prepared(self._path)

    def _drop(self) -> None:
        for ending in ("", "-journal"):
            with suppress(OSError):
                Path(f"{self._path}{ending}").unlink(missing_ok=True)


def _prepared(path: Path) -> sqlite3.Connection:
    """A connection to a file with our tables, empty where another program told what is in them."""
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous=NORMAL").close()
        if not _is_ours(db):
            db.execute("BEGIN IMMEDIATE")
            if not _is_ours(db):  # still, now that nobody else can be at it
                for table in _TABLES:
                    db.execute(table)
                db.execute("DELETE FROM looked")
                db.execute(f"PRAGMA user_version={_RULES}")
            db.execute("COMMIT")
    except BaseException:
        db.close()
        raise
    return db


def _is_ours(db: sqlite3.Connection) -> bool:
    return db.execute("PRAGMA user_version").fetchone()[0] == _RULES


def _fingerprint() -> int:
    """A number that differs where this package does: another version may read more from a file."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return zlib.crc32(b"".join(path.read_bytes() for path in sources)) >> 1


_RULES = _fingerprint()
