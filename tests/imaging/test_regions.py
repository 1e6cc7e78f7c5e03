"""Regions of any mask in any picture: around the mask, inside the picture, of a size to draw at."""

from hypothesis import given, settings
from hypothesis import strategies as st

from webui.imaging import regions

natives = st.sampled_from([(512, 512), (1024, 1024), (256, 256), (512, 768)])


@settings(max_examples=400)
@given(st.data(), natives, st.integers(0, 300), st.integers(64, 2048))
def test_any_region_holds_its_mask_and_fits(
    data: st.DataObject, native: tuple[int, int], padding: int, limit: int
) -> None:
    width, height = data.draw(st.integers(1, 5000)), data.draw(st.integers(1, 5000))
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    region = regions.around((left, top, right, bottom), (width, height), native, padding, limit)
    box = region.box
    assert 0 <= box[0] <= max(left - padding, 0) and 0 <= box[1] <= max(top - padding, 0)
    assert min(right + padding, width) <= box[2] <= width
    assert min(bottom + padding, height) <= box[3] <= height
    for side in region[1:]:
        assert side % 8 == 0 and 64 <= side <= limit
    assert region.width * region.height <= native[0] * native[1] * 1.6 or min(region[1:]) == 64
