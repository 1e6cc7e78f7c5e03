from pathlib import Path

import pytest

from tests.golden import golden


def test_finds_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a1111" / "rng.npz"
    file.parent.mkdir()
    file.write_bytes(b"x")
    assert golden("a1111/rng.npz", tmp_path) == file


def test_skips_where_the_folder_is_missing(tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"a1111/rng.npz is missing"):
        golden("a1111/rng.npz", tmp_path / "nowhere")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no golden file x.npz"):
        golden("x.npz", tmp_path)
