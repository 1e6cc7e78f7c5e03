import numpy as np
import pytest
from PIL import Image

from tests.motion.goldens import numbers
from webui.core.errors import UserError
from webui.motion.masks import Sources, adjusted, composed, mask_image
from webui.timeline.masks import parse_mask

BETTER = ("05", "17", "20")
"""Where Deforum's reader is wrong, see tests/timeline/test_masks.py."""


def files(**images: Image.Image):
    def opened(name: str) -> Image.Image:
        key = name.removesuffix(".png")
        if key not in images:
            raise UserError("mask_file", "mask_schedule", name=name)
        return images[key]

    return opened


def grey(levels: np.ndarray) -> Image.Image:
    return Image.fromarray(levels)


def test_masks_are_deforums():
    arrays, meta = numbers("masks")
    opened = files(b=grey(arrays["file_b"]), c=grey(arrays["file_c"]))
    sources = Sources(64, 64, grey(arrays["video_mask"]), opened)
    checked = 0
    for case in meta["cases"]:
        if case["key"] in BETTER or (not case["ok"] and case["key"] != "29"):
            continue  # those that raise are the reader's
        mask = parse_mask(case["expression"], dangling=True)
        if case["ok"]:
            made = mask_image(composed(mask, sources))
            assert np.array_equal(np.asarray(made), arrays[f"out_{case['key']}"]), case
            checked += 1
        else:
            with pytest.raises(UserError, match=r"missing\.png"):
                composed(mask, sources)
    assert checked == 21


def test_where_deforum_is_wrong_it_is_what_is_written():
    arrays, meta = numbers("masks")
    opened = files(b=grey(arrays["file_b"]), c=grey(arrays["file_c"]))
    sources = Sources(64, 64, grey(arrays["video_mask"]), opened)
    v, b, c = (arrays[name] > 127 for name in ("video_mask", "file_b", "file_c"))
    wanted = {"05": np.zeros_like(v), "17": v | (b & c), "20": ~b & v}
    for case in meta["cases"]:
        if case["key"] in BETTER:
            made = composed(parse_mask(case["expression"]), sources)
            assert np.array_equal(made, wanted[case["key"]]), case["expression"]


def test_masks_of_other_sizes_and_modes_are_fitted():
    half = Image.new("RGBA", (40, 20), (255, 255, 255, 0))
    half.paste((0, 0, 0, 255), (0, 0, 20, 20))
    sources = Sources(10, 6, half)
    made = composed(parse_mask("{video_mask}"), sources)
    assert made.shape == (6, 10) and made[:, :4].all() and not made[:, 6:].any()
    assert composed(parse_mask("!{everywhere}"), sources).any() is np.False_


def test_a_source_is_asked_once():
    asked: list[str] = []

    def words(text: str) -> Image.Image:
        asked.append(text)
        return Image.new("L", (3, 2), 255)

    mask = parse_mask("<red hat> & !(<red hat> ^ {everywhere})")
    assert composed(mask, Sources(3, 2, words=words)).all()
    assert asked == ["red hat"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [("{video_mask}", "clip of masks"), ("[a.png]", "a.png"), ("<a hat>", "a hat")],
)
def test_what_is_not_there_is_told(expression, words):
    with pytest.raises(UserError, match=words):
        composed(parse_mask(expression), Sources(3, 2))


def test_contrast_and_brightness_are_what_they_say():
    ramp = Image.linear_gradient("L")
    light = np.asarray(adjusted(ramp, 1, 2)).astype(int)
    assert light[60, 0] == 120 and light[200, 0] == 255
    hard = np.asarray(adjusted(ramp, 2, 1)).astype(int)
    assert hard[60, 0] == 0 and abs(hard[127, 0] - 127) < 3
    assert np.array_equal(np.asarray(adjusted(ramp, 2, 1, native=False)), light)
    assert adjusted(ramp, 1, 1) is ramp
