import numpy as np
import pytest

from webui.core.errors import UserError
from webui.motion.spool import Spool

ARRAYS = [
    np.arange(24, dtype=np.float32).reshape(2, 4, 3) / 7,
    np.arange(6, dtype=np.uint8).reshape(1, 2, 3),
    np.arange(16, dtype=np.float64).reshape(2, 4, 2)[:, ::2],
    np.zeros((0, 3), np.float32),
]


@pytest.mark.parametrize("most", [0, 100, 10**6])
def test_they_come_back_to_the_bit_from_memory_or_a_file(tmp_path, most):
    folder = tmp_path / "new"
    with Spool(folder, most) as spool:
        for array in ARRAYS * 2:
            spool.append(array)
        assert len(spool) == 8
        for number in (7, 0, 3, 5, 1, 2, 6, 4):
            made, wanted = spool[number], ARRAYS[number % 4]
            assert np.array_equal(made, wanted) and made.dtype == wanted.dtype
        assert folder.exists() == (most < 10**6)
    assert not folder.exists() or not list(folder.iterdir()), "nothing is left behind"


def test_without_a_folder_it_takes_the_systems():
    with Spool(most=0) as spool:
        spool.append(ARRAYS[0])
        assert np.array_equal(spool[0], ARRAYS[0])


def test_a_full_disk_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with Spool(tmp_path / "file", 0) as spool, pytest.raises(UserError):
        spool.append(ARRAYS[0])
