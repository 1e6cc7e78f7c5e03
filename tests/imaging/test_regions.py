"""Regions of any mask in any picture: around the mask, inside the picture, of a size to draw at."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webui.imaging import regions
from webui.imaging.regions import Region, Size

SD1 = (512, 512)
natives = st.sampled_from([SD1, (1024, 1024), (256, 256), (512, 768)])
limits = st.integers(64, 2048)
sides = st.integers(1, 5000)


@settings(max_examples=300)
@given(st.data(), sides, sides, natives, st.integers(0, 300), limits)
def test_any_region_holds_its_mask_and_fits(
    data: st.DataObject, width: int, height: int, native: Size, padding: int, limit: int
) -> None:
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    region = regions.around((left, top, right, bottom), (width, height), native, padding, limit)
    box = region.box
    assert 0 <= box[0] <= max(left - padding, 0) and 0 <= box[1] <= max(top - padding, 0)
    assert min(right + padding, width) <= box[2] <= width
    assert min(bottom + padding, height) <= box[3] <= height
    check_size(region, native, limit)


@given(sides, sides, natives, limits)
def test_the_whole_of_any_picture_fits(width: int, height: int, native: Size, limit: int) -> None:
    region = regions.whole((width, height), native, limit)
    assert region.box == (0, 0, width, height)
    check_size(region, native, limit)


def check_size(region: Region, native: Size, limit: int) -> None:
    width, height = region.width, region.height
    assert width % 8 == height % 8 == 0 and 64 <= min(width, height) <= max(width, height) <= limit
    assert width * height <= native[0] * native[1] * 1.51 or min(width, height) == 64
    squeezed = min(width, height) == 64 or max(width, height) > limit - 8
    if not squeezed:
        shape = (region.box[2] - region.box[0]) / (region.box[3] - region.box[1])
        assert width / height == pytest.approx(shape, rel=8 / min(width, height))
        assert width * height >= native[0] * native[1] * 0.74


@pytest.mark.parametrize(
    ("mask", "picture", "expected"),
    [
        ((2000, 1500, 2001, 1501), (4000, 3000), ((1873, 1373, 2129, 1629), 512, 512)),  # a dot
        ((0, 0, 1, 1), (4000, 3000), ((0, 0, 256, 256), 512, 512)),  # in a corner
        ((3999, 2999, 4000, 3000), (4000, 3000), ((3744, 2744, 4000, 3000), 512, 512)),
        ((100, 1500, 3900, 1502), (4000, 3000), ((0, 501, 4000, 2501), 728, 360)),  # a thin line
        ((100, 0, 140, 90), (512, 512), ((0, 0, 256, 256), 512, 512)),  # at the border
        ((0, 0, 512, 512), (512, 512), ((0, 0, 512, 512), 512, 512)),  # all, not resampled
        ((0, 0, 600, 440), (600, 440), ((0, 0, 600, 440), 600, 440)),  # near the native area
        ((0, 0, 601, 440), (601, 440), ((0, 0, 601, 440), 600, 440)),
        ((1, 1, 5, 5), (10, 20), ((0, 0, 10, 20), 360, 728)),  # a tiny picture
        ((0, 0, 9, 9), (10_000, 50), ((0, 0, 256, 50), 1160, 224)),  # a strip of a picture
    ],
)
def test_what_is_chosen(mask: regions.Box, picture: Size, expected: tuple[object, ...]) -> None:
    assert tuple(regions.around(mask, picture, SD1)) == expected


def test_a_large_mask_gets_a_large_margin() -> None:
    box = regions.around((1000, 1000, 1800, 1400), (4000, 4000), SD1, padding=0).box
    assert box == (900, 900, 1900, 1500)
