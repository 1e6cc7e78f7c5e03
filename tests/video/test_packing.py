"""Pictures in a zip."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from webui.core.errors import UserError
from webui.video.packing import as_files, first_file, pack


def test_pictures_come_back_bit_by_bit(tmp_path):
    pictures = [np.random.default_rng(n).integers(0, 256, (5, 7, 3), np.uint8) for n in range(3)]
    told = []
    assert pack(as_files(pictures), tmp_path / "a.zip", told.append) == 3
    assert told == [1, 2, 3]
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        assert packed.namelist() == ["000000000.png", "000000001.png", "000000002.png"]
        for name, levels in zip(packed.namelist(), pictures, strict=True):
            assert np.array_equal(np.asarray(Image.open(io.BytesIO(packed.read(name)))), levels)


def test_the_first_one(tmp_path):
    pack([("b.png", b"first"), ("a.png", b"second")], tmp_path / "a.zip")
    assert first_file(tmp_path / "a.zip") == b"first"
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(UserError, match="cannot be read"):
        first_file(tmp_path / "a.zip")


def test_no_pictures(tmp_path):
    with pytest.raises(UserError, match="no pictures"):
        pack([], tmp_path / "a.zip")
