"""The tables grow step by step from any version, with what is in them."""

import sqlite3
from pathlib import Path

import pytest

from webui.core.requests import Txt2Img
from webui.jobs.ledger import Ledger
from webui.jobs.schema import STEPS


@pytest.mark.parametrize("version", range(len(STEPS) + 1))
def test_every_version_becomes_the_newest(tmp_path: Path, version: int) -> None:
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as db:
        for step in STEPS[:version]:
            db.executescript(step)
        db.execute(f"PRAGMA user_version = {version}")
    db.close()
    ledger = Ledger(path)
    with ledger.write() as writing:
        writing.add_job("id", "owner", Txt2Img(prompt="x"), 0, 1.0)
    ledger.close()
    again = Ledger(path)
    with again.read() as reading:
        assert reading.job("id").owner == "owner"
    again.close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
    db.close()


def test_tokens_never_come_twice(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    tokens: list[int] = []
    for number in range(3):
        with ledger.write() as writing:
            writing.add_job(f"{number}", "owner", Txt2Img(prompt="x"), 0, 1.0)
            tokens.append(writing.begin(f"{number}", 1.0))
            writing._db.execute("DELETE FROM leases")
    ledger.close()
    assert tokens == [1, 2, 3]
