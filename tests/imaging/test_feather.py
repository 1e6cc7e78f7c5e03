import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.imaging.feather import Axis


@given(st.integers(1, 400), st.integers(1, 130), st.integers(0, 200), st.integers(0, 50))
def test_tiles_cover_the_side_and_shares_add_up_to_one(length, tile, overlap, margin):
    axis = Axis.along(length, tile, overlap, margin)
    total = np.zeros(length)
    for start, share in zip(axis.starts, axis.shares, strict=True):
        assert 0 <= start <= length - axis.tile and len(share) == axis.tile
        assert share.min() >= 0
        total[start : start + axis.tile] += share
    assert total == pytest.approx(np.ones(length), abs=1e-6)
    gaps = np.diff(axis.starts)
    assert (gaps <= axis.tile - axis.overlap).all() and (gaps > 0).all()


def test_edges_count_for_nothing_but_at_the_picture_s_own_border():
    axis = Axis.along(100, 40, 10, 3)
    assert axis.starts == (0, 30, 60)
    first, middle, last = axis.shares
    assert (middle[:3] == 0).all() and (middle[-3:] == 0).all() and (middle[10:-10] == 1).all()
    assert (first[:30] == 1).all() and (last[-30:] == 1).all()
    assert middle[3:7] == pytest.approx([0.125, 0.375, 0.625, 0.875])


def test_without_overlap_tiles_lie_side_by_side():
    axis = Axis.along(90, 30, 0)
    assert axis.starts == (0, 30, 60) and all((share == 1).all() for share in axis.shares)


def test_a_short_side_is_one_tile():
    assert Axis.along(5, 64, 16).starts == (0,)
    assert Axis.along(5, 64, 16).tile == 5
