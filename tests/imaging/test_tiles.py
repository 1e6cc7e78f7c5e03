"""Grids against A1111's numbers; tilings of any size blend to what they were cut from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.goldens import arrays, cases, difference
from webui.imaging.tiles import blend_tiles, combine_grid, split_grid, tiling


def test_grids_are_cut_as_a1111_cuts_them() -> None:
    for case in cases("split_grid"):
        width, height = case["tile"]
        grid = split_grid(Image.new("RGB", case["size"]), width, height, case["overlap"])
        found = [[top, height, [[left, width] for left, _ in row]] for top, row in grid.rows]
        assert found == case["result"]["rows"], case
        sizes = {tile.size for _, row in grid.rows for _, tile in row}
        assert sizes == {(width, height)}
    assert len(cases("split_grid")) == 6


def test_grids_are_combined_as_a1111_does() -> None:
    names = ("0_0", "0_1", "1_0", "1_1")
    tiles = [Image.fromarray(arrays()[f"grid_tile_{name}"]) for name in names]
    grid = split_grid(Image.new("RGB", (96, 80)), 64, 64, 16).with_tiles(tiles)
    assert difference(combine_grid(grid), arrays()["grid_combined"]) == 0


@settings(deadline=None, max_examples=60)
@given(*[st.integers(1, 60)] * 4, st.integers(0, 30))
def test_any_grid_combines_to_what_was_cut(
    width: int, height: int, across: int, down: int, overlap: int
) -> None:
    levels = np.random.default_rng(width).integers(0, 256, (height, width, 3)).astype(np.uint8)
    grid = split_grid(Image.fromarray(levels), across, down, min(overlap, across - 1, down - 1))
    assert combine_grid(grid).tobytes() == levels.tobytes()


def test_a_seam_between_two_tiles_is_a_ramp() -> None:
    tiles = tiling(50, 30, 30, 30, 10)
    assert tiles.boxes() == [(0, 0, 30, 30), (20, 0, 50, 30)]
    dark, light = np.zeros((30, 30, 1), np.float32), np.ones((30, 30, 1), np.float32)
    row = blend_tiles(tiles, [dark, light])[7, :, 0]
    assert (row[:20] == 0).all() and (row[30:] == 1).all()
    assert row[20:30] == pytest.approx((np.arange(10) + 0.5) / 10)


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 400), st.integers(1, 90), st.integers(0, 90), st.sampled_from([1, 8, 64]))
def test_tiles_are_of_one_size_overlap_enough_and_start_on_the_step(
    length: int, tile: int, overlap: int, step: int
) -> None:
    spans = tiling(length, 1, tile, 1, overlap, step).columns
    assert spans[0][0] == 0 and spans[-1][1] == length
    assert {end - start for start, end in spans} == {min(tile, length)}
    shared = min(overlap, tile // 2)
    for (start, end), (following, _) in zip(spans, spans[1:], strict=False):
        assert start < following <= end - shared
        assert start % (step if step <= tile - shared else 1) == 0


@settings(deadline=None, max_examples=100)
@given(*[st.integers(1, 60)] * 4, st.integers(0, 40), st.sampled_from([1, 2, 8]))
def test_any_tiling_covers_and_blends_to_what_was_cut(
    width: int, height: int, across: int, down: int, overlap: int, step: int
) -> None:
    levels = np.random.default_rng(width).integers(0, 256, (height, width, 3)).astype(np.uint8)
    tiles = tiling(width, height, across, down, overlap, step)
    cut = (levels[top:bottom, left:right] for left, top, right, bottom in tiles.boxes())
    assert (blend_tiles(tiles, cut) == levels).all()
    total = np.zeros((height, width))
    for (left, top, right, bottom), weight in zip(tiles.boxes(), tiles.weights(), strict=True):
        total[top:bottom, left:right] += weight
    assert abs(total - 1).max() < 1e-5


def test_the_margin_of_a_tile_counts_for_nothing_where_it_has_a_neighbour() -> None:
    cut = tiling(100, 20, 40, 40, 10, margin=3)
    assert cut.columns == ((0, 40), (30, 70), (60, 100))
    first, middle, last = cut.feathers()[0]
    assert (middle[:3] == 0).all() and (middle[-3:] == 0).all() and (middle[10:-10] == 1).all()
    assert middle[3:7] == pytest.approx([0.125, 0.375, 0.625, 0.875])
    assert (first[:30] == 1).all() and (last[-30:] == 1).all()
    assert cut.scaled(4).margin == 12


@given(st.integers(1, 300), st.integers(1, 90), st.integers(0, 90), st.integers(0, 50))
def test_weights_add_up_to_one_whatever_the_margin(
    width: int, tile: int, overlap: int, margin: int
) -> None:
    cut = tiling(width, 1, tile, 1, overlap, margin=margin)
    total = np.zeros(width)
    for (start, end), weight in zip(cut.columns, cut.feathers()[0], strict=True):
        total[start:end] += weight
    assert total == pytest.approx(np.ones(width), abs=1e-5)
