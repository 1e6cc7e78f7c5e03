"""Transactions: whole or not at all, told in order, and every failure in words."""

import shutil
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from webui.core.requests import Txt2Img
from webui.jobs.ledger import Ledger, LedgerError
from webui.jobs.records import Recorded, Writing

REQUEST = Txt2Img(prompt="x")


def add(writing: Writing, id: str) -> None:
    writing.add_job(id, "owner", REQUEST, 0, 1.0)


def test_an_exception_takes_everything_back(tmp_path: Path) -> None:
    told: list[Recorded] = []
    ledger = Ledger(tmp_path / "ledger.sqlite", told.extend)
    with pytest.raises(KeyboardInterrupt), ledger.write() as writing:
        add(writing, "a")
        raise KeyboardInterrupt
    with ledger.write() as writing:
        add(writing, "b")
    with ledger.read() as reading:
        assert [job.id for job in reading.history(None, 10)] == ["b"]
        assert reading.last_event() == 1
    assert [event.event.job for event in told] == ["b"]  # type: ignore[union-attr]
    ledger.close()


def test_many_threads_write_and_listeners_hear_it_in_order(tmp_path: Path) -> None:
    told: list[Recorded] = []

    def listen(events: Sequence[Recorded]) -> None:
        time.sleep(0.003 * (events[0].id % 2))  # who is faster must wait for who was first
        told.extend(events)

    ledger = Ledger(tmp_path / "ledger.sqlite", listen)

    def work(number: int) -> None:
        for count in range(10):
            with ledger.write() as writing:
                add(writing, f"{number}-{count}")
            with ledger.read() as reading:
                assert reading.job(f"{number}-{count}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert [event.id for event in told] == list(range(1, 81))
    assert ledger._idle.qsize() <= 8
    ledger.close()
    assert not (tmp_path / "ledger.sqlite-wal").exists()


def test_a_reader_sees_one_moment(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with ledger.read() as reading:
        assert reading.last_event() == 0
        with ledger.write() as writing:
            add(writing, "a")
        assert reading.last_event() == 0
        assert reading.history(None, 10) == []
    with ledger.read() as reading:
        assert reading.last_event() == 1
    ledger.close()


def test_what_was_committed_is_in_a_copy_taken_without_warning(tmp_path: Path) -> None:
    """As a kill leaves it: the files of the moment, the write-ahead log not folded in."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for number in range(50):
        with ledger.write() as writing:
            add(writing, str(number))
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in tmp_path.glob("ledger.sqlite*"):
        shutil.copy(path, copy)
    with pytest.raises(ZeroDivisionError), ledger.write() as writing:
        add(writing, "not there")
        for path in tmp_path.glob("ledger.sqlite*"):
            shutil.copy(path, copy)
        raise ZeroDivisionError
    ledger.close()
    after = Ledger(copy / "ledger.sqlite")
    with after.read() as reading:
        assert len(reading.history(None, 100)) == 50
    after.close()
    with sqlite3.connect(copy / "ledger.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_it_flushes_every_commit(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with ledger._connection() as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    ledger.close()


def test_each_failure_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite in .* is damaged .* move it away"):
        Ledger(path)
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 1000")
    db.close()
    with pytest.raises(LedgerError, match="newer version of this program"):
        Ledger(path)
    path.unlink()
    path.mkdir()
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(LedgerError, match="cannot be used"):
        Ledger(path)
    with pytest.raises(LedgerError, match="cannot be used"):
        Ledger(file / "ledger.sqlite")


def test_a_file_that_may_not_grow_is_a_full_disk(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with ledger._connection() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerError, match="no space left for ledger.sqlite"), ledger.write() as w:
        w.add_job("a", "owner", Txt2Img(prompt="x" * 20_000), 0, 1.0)
    with ledger.read() as reading:
        assert reading.history(None, 10) == []
    ledger.close()
