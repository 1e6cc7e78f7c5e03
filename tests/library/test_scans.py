import threading
import time
from pathlib import Path

import pytest

from tests.checkpoints import write_file, write_weights
from webui.library import scans
from webui.library.index import Index
from webui.library.layouts import Shelf
from webui.library.scans import Scan
from webui.library.telling import tell


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """Names of the files that were read."""
    names: list[str] = []

    def counted(place, memory):
        names.append(place.name)
        return tell(place, memory)

    monkeypatch.setattr(scans, "tell", counted)
    return names


def made(folder: Path) -> Scan:
    return Scan(lambda: [Shelf(folder / "models")], Index(folder / "index"))


def names(scan: Scan, **how) -> list[str]:
    return [place.name for place, _ in scan.found(**how).models]


def test_only_what_is_new_is_read_also_after_a_restart(tmp_path, read):
    for name in ("a", "b"):
        write_file(tmp_path / "models" / f"{name}.safetensors")
    assert names(made(tmp_path)) == ["a", "b"]
    scan = made(tmp_path)
    assert names(scan) == names(scan) == ["a", "b"] == read
    write_weights(tmp_path / "models" / "b.safetensors", {"x": (7,)})
    (tmp_path / "models" / "a.json").write_text('{"notes": "x"}')
    (tmp_path / "models" / "c.safetensors").write_bytes(b"")
    found = scan.found()
    assert read == ["a", "b", "a", "b", "c"] and found.whole
    assert {place.name: told.said.notes for place, told in found.models}["a"] == "x"
    (tmp_path / "models" / "a.safetensors").unlink()
    assert names(scan) == ["b", "c"] and len(read) == 5
    assert scan.found() is scan.found() is scan.last


def test_what_is_moved_is_read_where_it_is_now(tmp_path, read):
    write_file(tmp_path / "models" / "a.safetensors")
    scan = made(tmp_path)
    names(scan)
    (tmp_path / "models" / "a.safetensors").rename(tmp_path / "models" / "b.safetensors")
    assert names(scan) == ["b"] == read[1:]


def test_what_may_not_be_read_is_tried_again(tmp_path, monkeypatch):
    path = write_file(tmp_path / "models" / "a.safetensors")
    open_file = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: open_file(tmp_path / "no", *a, **k))
    scan = made(tmp_path)
    ((_, told),) = scan.found().models
    assert told.problem and told.problem.code == "model_unreadable"
    monkeypatch.undo()
    ((_, told),) = scan.found().models
    assert told.problem is None and path.exists()


def test_who_has_no_patience_gets_what_is_known(tmp_path, monkeypatch):
    for number in range(10):
        write_file(tmp_path / "models" / f"{number}.safetensors")

    def slow(place, memory):
        time.sleep(0.02)
        return tell(place, memory)

    monkeypatch.setattr(scans, "tell", slow)
    scan = made(tmp_path)
    some = scan.found(patience=0.05)
    assert 0 < len(some.models) < 10 and not some.whole
    assert len(names(scan)) == 10 and scan.last.whole


def test_nobody_waits_for_a_long_reading(tmp_path, monkeypatch):
    for number in range(3):
        write_file(tmp_path / "models" / f"{number}.safetensors")
    go, begun = threading.Event(), threading.Event()

    def stuck(place, memory):
        begun.set()
        assert go.wait(20)
        return tell(place, memory)

    monkeypatch.setattr(scans, "tell", stuck)
    scan = made(tmp_path)
    thread = threading.Thread(target=scan.found)
    thread.start()
    assert begun.wait(20)
    assert scan.found(patience=0.01).models == ()
    go.set()
    thread.join()
    assert len(scan.last.models) == 3


def test_a_long_walk_is_not_made_each_time(tmp_path, monkeypatch):
    write_file(tmp_path / "models" / "a.safetensors")
    monkeypatch.setattr(scans, "_QUICK", -1.0)
    monkeypatch.setattr(scans, "_REST", 10**9)
    scan = made(tmp_path)
    assert names(scan) == ["a"]
    write_file(tmp_path / "models" / "b.safetensors")
    assert names(scan) == ["a"]
    scan.expire()
    assert names(scan) == ["a", "b"]


def test_the_reading_can_be_stopped(tmp_path, read):
    for number in range(5):
        write_file(tmp_path / "models" / f"{number}.safetensors")
    stop = threading.Event()
    stop.set()
    scan = made(tmp_path)
    assert not scan.found(stop=stop).whole and len(read) == 1
    assert len(names(scan)) == 5 and sorted(read) == list("01234")


def test_a_file_on_two_shelves_is_there_once(tmp_path):
    write_file(tmp_path / "models" / "sub" / "a.safetensors")
    shelves = [Shelf(tmp_path / "models"), Shelf(tmp_path / "models" / "sub")]
    scan = Scan(lambda: shelves, Index(tmp_path / "index"))
    assert names(scan) == ["sub/a"]


def test_a_damaged_row_of_the_index_is_read_anew(tmp_path, read):
    write_file(tmp_path / "models" / "a.safetensors")
    names(made(tmp_path))
    index = Index(tmp_path / "index")
    path = str(tmp_path / "models" / "a.safetensors")
    index.keep([index.looks([path])[path]._replace(told="{")])
    assert names(made(tmp_path)) == ["a"] and read == ["a", "a"]
