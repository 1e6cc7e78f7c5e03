import hashlib
import os

import pytest

from tests.checkpoints import write_file
from webui.library.hashes import Hashes
from webui.library.index import Index


def made(tmp_path) -> Hashes:
    return Hashes(Index(tmp_path / "state" / "models.sqlite"))


def test_computed_once_and_kept(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    hashes = made(tmp_path)
    assert hashes.known(path) is None
    assert hashes.compute(path).sha256 == digest
    for one in (hashes, made(tmp_path)):
        known = one.known(path)
        assert known and (known.sha256, known.autov3) == (digest, None)


def test_without_its_header_as_civitai_has_it(tmp_path):
    path = write_file(tmp_path / "a.safetensors", fill=3)
    data = path.read_bytes()
    tensors = data[8 + int.from_bytes(data[:8], "little") :]
    hashed = made(tmp_path).compute(path)
    assert hashed.sha256 == hashlib.sha256(data).hexdigest()
    assert tensors and hashed.autov3 == hashlib.sha256(tensors).hexdigest()


def test_a_header_that_claims_more_than_there_is(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes((10**12).to_bytes(8, "little") + b"x" * 100)
    hashed = made(tmp_path).compute(path)
    assert hashed.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert hashed.autov3 is None
    path.write_bytes(b"x")
    assert made(tmp_path).compute(path).autov3 is None


def test_a_changed_file_is_read_again(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"one")
    hashes = made(tmp_path)
    hashes.compute(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert hashes.known(path) is None
    assert hashes.compute(path).sha256 == hashlib.sha256(b"two").hexdigest()


def test_two_processes_share_them(tmp_path):
    one, two = made(tmp_path), made(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    assert two.known(tmp_path / "a") is None
    one.compute(tmp_path / "a")
    two.compute(tmp_path / "b")
    assert two.known(tmp_path / "a") and one.known(tmp_path / "b")
    assert made(tmp_path).known(tmp_path / "a")


def test_the_reading_of_a_large_file_can_be_stopped(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"x" * 3_000_000)
    left = [None, None]
    hashes = made(tmp_path)
    with pytest.raises(IndexError):  # what `check` raises goes through
        hashes.compute(path, left.pop)
    assert hashes.known(path) is None
    assert hashes.compute(path).sha256 == hashlib.sha256(b"x" * 3_000_000).hexdigest()
