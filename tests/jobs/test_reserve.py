"""The reserve goes when the disk is full, and comes back."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from webui.jobs.reserve import Reserve

Usage = namedtuple("Usage", "total used free")
SIZE = 1000


def test_it_is_given_up_and_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = [10 * SIZE]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free[0]))
    path = tmp_path / "reserve"
    reserve = Reserve(path, SIZE)
    reserve.tend()
    assert path.stat().st_size == SIZE
    assert reserve.spares(tmp_path)
    free[0] = SIZE // 2
    reserve.tend()
    assert path.exists()
    free[0] = SIZE // 10
    reserve.tend()
    assert not path.exists()
    assert not reserve.spares(tmp_path / "not" / "there" / "yet")
    free[0] = SIZE  # that is itself
    reserve.tend()
    assert not path.exists()
    free[0] = 2 * SIZE
    reserve.tend()
    assert reserve.spares(tmp_path)
    assert Reserve(path, SIZE).spares(tmp_path)
    path.write_bytes(b"cut off")
    assert not Reserve(path, SIZE).spares(tmp_path)


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second disk")
def test_another_disk_is_not_its_business(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", SIZE)
    assert not reserve.spares(tmp_path)
    assert reserve.spares(Path("/dev/shm/some/folder"))
