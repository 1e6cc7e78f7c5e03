import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from webui.library import index as module
from webui.library.index import Hashed, Index, Look

LOOK = Look("/models/żółw.safetensors", "1 2", '{"kind": "lora"}')
HASHED = Hashed((1, 2**62), "ab" * 32, None)


def test_what_was_told_is_kept(tmp_path):
    path = tmp_path / "state" / "models.sqlite"
    index = Index(path)
    assert index.looks([LOOK.path]) == {}
    index.keep([LOOK])
    index.remember("/a", HASHED)
    for one in (index, Index(path)):
        assert one.looks([LOOK.path, "/other"]) == {LOOK.path: LOOK}
        assert one.hashes == {"/a": HASHED}
    index.keep([LOOK._replace(told="{}")])
    assert Index(path).looks([LOOK.path])[LOOK.path].told == "{}"


def test_hashes_of_another_process_are_seen(tmp_path):
    one, two = Index(tmp_path / "i"), Index(tmp_path / "i")
    one.keep([LOOK])
    assert two.hashes == {}
    one.remember("/a", HASHED)
    assert two.hashes == {"/a": HASHED}
    assert two.hashes is two.hashes


def test_another_version_of_the_program_looks_anew_but_keeps_the_hashes(tmp_path, monkeypatch):
    Index(tmp_path / "i").keep([LOOK])
    Index(tmp_path / "i").remember("/a", HASHED)
    monkeypatch.setattr(module, "_RULES", module._RULES ^ 1)
    assert Index(tmp_path / "i").looks([LOOK.path]) == {}
    assert Index(tmp_path / "i").hashes == {"/a": HASHED}


@pytest.mark.parametrize(
    "broken", [b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 5000]
)
def test_a_broken_file_is_made_anew(tmp_path, broken):
    path = tmp_path / "i"
    path.write_bytes(broken)
    index = Index(path)
    assert index.hashes == {}
    index.keep([LOOK])
    assert Index(path).looks([LOOK.path]) == {LOOK.path: LOOK}


def test_a_file_that_breaks_in_the_middle_is_made_anew(tmp_path):
    path = tmp_path / "i"
    index = Index(path)
    index.keep([LOOK._replace(path=str(number), told="x" * 1000) for number in range(100)])
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)
    index.looks(map(str, range(100)))
    index.keep([LOOK])
    assert index.looks([LOOK.path]) == {LOOK.path: LOOK}


def test_where_nothing_can_be_kept_hashes_are_known_as_long_as_the_program_runs(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    index = Index(tmp_path / "file" / "index")
    index.keep([LOOK])
    index.remember("/a", HASHED)
    assert index.looks([LOOK.path]) == {}
    assert index.hashes == {"/a": HASHED}


def test_files_that_are_gone_are_forgotten_once_they_are_many(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_TIDY", 3)
    index = Index(tmp_path / "i")
    index.keep([LOOK._replace(path=str(number)) for number in range(5)])
    index.tidy(["0", "1"])
    assert len(index.looks(map(str, range(5)))) == 5
    index.keep([LOOK._replace(path="5")])
    index.tidy(["0", "1"])
    assert sorted(index.looks(map(str, range(6)))) == ["0", "1"]


def test_many_threads_write_and_read(tmp_path):
    index = Index(tmp_path / "i")

    def work(thread: int) -> None:
        for number in range(5):
            index.keep([LOOK._replace(path=f"{thread}/{number}")])
            index.remember(f"{thread}/{number}", HASHED)
            assert index.hashes

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = [f"{thread}/{number}" for thread in range(4) for number in range(5)]
    assert set(Index(tmp_path / "i").looks(names)) == set(names) == set(index.hashes)


def test_a_kill_while_writing_leaves_what_was_there(tmp_path):
    Index(tmp_path / "i").keep([LOOK])
    code = (
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size=1')\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "db.execute('DELETE FROM looked')\n"
        "rows = [(str(n), '', 'x' * 5000) for n in range(500)]\n"
        "db.executemany('INSERT INTO looked VALUES (?, ?, ?)', rows)\n"
        "os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path / "i")]).returncode == 9
    assert Index(tmp_path / "i").looks([LOOK.path, "1"]) == {LOOK.path: LOOK}
    with closing(sqlite3.connect(tmp_path / "i")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_data_folder_that_is_not_there_is_not_made(tmp_path):
    index = Index(tmp_path / "absent" / "state" / "models.sqlite")
    index.keep([LOOK])
    assert index.hashes == {} and not (tmp_path / "absent").exists()


def test_who_finds_the_file_just_made_by_another_leaves_its_rows(tmp_path, monkeypatch):
    Index(tmp_path / "i").keep([LOOK])
    is_ours, asked = module._is_ours, []

    def late(db: sqlite3.Connection) -> bool:
        """Asked for the first time before the other process was done."""
        asked.append(db)
        return len(asked) > 1 and is_ours(db)

    monkeypatch.setattr(module, "_is_ours", late)
    assert Index(tmp_path / "i").looks([LOOK.path]) == {LOOK.path: LOOK}
    assert len(asked) == 2
