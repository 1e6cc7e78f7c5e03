"""The ledger on disk: connections, the steps of its tables, and transactions that tell of events.

SQLite in WAL mode with synchronous=FULL: what was acknowledged is still there after a power cut,
not only after a kill. It costs one flush a commit, and there are a few commits a picture.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, LifoQueue

from webui.core.errors import UserError
from webui.jobs.records import Reading, Recorded, Writing
from webui.jobs.reserve import Reserve
from webui.jobs.schema import STEPS

BUSY_SECONDS = 10.0
"""How long another process (a backup, a browser of databases) may hold the file."""


_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=200",  # pages: the log stays well below the reserve
    "foreign_keys=ON",
)


class LedgerError(UserError):
    """The ledger itself cannot be read or written."""


class Ledger:
    """Transactions, for any number of threads: each has a connection of its own while it lasts."""

    def __init__(
        self, path: Path, publish: Callable[[Sequence[Recorded]], None] = lambda _: None
    ) -> None:
        """publish: told the durable events of each transaction after its commit, in order.

        Raises:
            LedgerError: the file cannot be opened, is no ledger, or is a newer program's.
        """
        self._path = path
        self._publish = publish
        self.reserve = Reserve(path.with_name("reserve"))
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._writing = threading.Lock()
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._connection() as db:
                self._migrate(db)

    @contextmanager
    def read(self) -> Generator[Reading]:
        """See one moment of the ledger."""
        with self._explained(), self._connection() as db:
            db.execute("BEGIN")
            try:
                yield Reading(db)
            finally:
                db.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Generator[Writing]:
        """Change the ledger: all of it or, after an exception, nothing.

        Raises:
            LedgerError: the disk is full or the file cannot be written.
        """
        with self._writing:
            self.reserve.tend()
            with self._explained(), self._connection() as db:
                db.execute("BEGIN IMMEDIATE")
                try:
                    writing = Writing(db)
                    yield writing
                    db.execute("COMMIT")
                except BaseException:
                    with suppress(sqlite3.Error):  # a full disk may have rolled it back already
                        db.execute("ROLLBACK")
                    raise
            self._publish(writing.added)

    def close(self) -> None:
        """Close the connections; the last one folds the write-ahead log into the file."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection]:
        try:
            db = self._idle.get_nowait()
        except Empty:
            db = self._connect()
        try:
            yield db
        finally:
            if db.in_transaction:
                db.close()
            else:
                self._idle.put(db)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            db.row_factory = sqlite3.Row
            for pragma in _PRAGMAS:
                with closing(db.execute(f"PRAGMA {pragma}")) as answer:
                    answer.fetchall()
        except BaseException:
            db.close()
            raise
        return db

    def _migrate(self, db: sqlite3.Connection) -> None:
        version: int = db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(STEPS):
            raise LedgerError("ledger_newer", name=self._path.name, folder=str(self._path.parent))
        for number, step in enumerate(STEPS[version:], version + 1):
            db.executescript(f"BEGIN IMMEDIATE; {step}; PRAGMA user_version={number}; COMMIT;")

    @contextmanager
    def _explained(self) -> Generator[None]:
        """Put into words why the file cannot be used."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            name = getattr(error, "sqlite_errorname", "")
            code = next((code for start, code in _CODES if name.startswith(start)), "ledger_failed")
            raise LedgerError(
                code, name=self._path.name, folder=str(self._path.parent), reason=str(error)
            ) from error


_CODES = (
    ("SQLITE_FULL", "disk_full"),
    ("SQLITE_READONLY", "folder_read_only"),
    ("SQLITE_NOTADB", "ledger_broken"),
    ("SQLITE_CORRUPT", "ledger_broken"),
)
