import hashlib
import os

from webui.library.hashes import Hashes


def test_computed_once_and_kept(tmp_path):
    path, store = tmp_path / "model", tmp_path / "state" / "hashes.json"
    path.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    hashes = Hashes(store)
    assert hashes.known(path) is None
    assert hashes.compute(path) == digest
    assert hashes.known(path) == digest
    assert Hashes(store).known(path) == digest


def test_a_changed_file_is_read_again(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"one")
    hashes = Hashes(tmp_path / "hashes.json")
    hashes.compute(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert hashes.known(path) is None
    assert hashes.compute(path) == hashlib.sha256(b"two").hexdigest()


def test_two_processes_share_the_file(tmp_path):
    one, two = Hashes(tmp_path / "hashes.json"), Hashes(tmp_path / "hashes.json")
    for name in ("a", "b"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    assert two.known(tmp_path / "a") is None
    one.compute(tmp_path / "a")
    two.compute(tmp_path / "b")
    assert two.known(tmp_path / "a") and one.known(tmp_path / "b")
    assert Hashes(tmp_path / "hashes.json").known(tmp_path / "a")


def test_a_broken_or_unwritable_store_costs_nothing_but_time(tmp_path):
    (tmp_path / "model").write_bytes(b"x")
    store = tmp_path / "hashes.json"
    store.write_text("{broken", encoding="utf-8")
    assert Hashes(store).known(tmp_path / "model") is None
    below_a_file = Hashes(tmp_path / "model" / "hashes.json")
    assert below_a_file.compute(tmp_path / "model") == hashlib.sha256(b"x").hexdigest()
