"""Colour correction against A1111's numbers."""

from tests.imaging.goldens import arrays, cases, difference, picture
from webui.imaging.color import color_corrected, color_target


def test_colours_are_corrected_as_a1111_does() -> None:
    for case in cases("color_correction"):
        target = color_target(picture(case["reference"]))
        if f"cc_target_{case['id']}" in arrays():
            assert difference(target, arrays()[f"cc_target_{case['id']}"]) == 0
        result = color_corrected(picture(case["image"]), target)
        assert difference(result, arrays()[f"cc_out_{case['id']}"]) <= 1, case
    assert len(cases("color_correction")) == 4
