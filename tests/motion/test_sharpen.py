import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.motion.goldens import difference, numbers
from webui.core.errors import UserError
from webui.motion.sharpen import (
    Unsharp,
    contrast,
    deforum_contrast,
    deforum_grey,
    deforum_sharpened,
    grey,
    sharpened,
)

NOISE = np.random.default_rng(1).uniform(0, 255, (20, 24, 3)).astype(np.float32)


def test_anti_blur_is_deforums():
    arrays, meta = numbers("unsharp")
    checked = 0
    for case in meta["cases"]:
        unsharp = Unsharp(case["kernel"], case["sigma"], case["amount"], case["threshold"])
        mask = arrays["mask"] if case["mask"] else None
        made = deforum_sharpened(arrays[case["image"]], unsharp, mask)
        if case["ok"]:
            assert not difference(made, arrays[f"out_{case['key']}"]).any(), case["key"]
            checked += 1
        else:  # an even kernel, at which it crashes: better than the reference
            odd = Unsharp(case["kernel"] + 1, case["sigma"], case["amount"])
            assert np.array_equal(made, deforum_sharpened(arrays[case["image"]], odd))
    assert checked == 15


def test_ours_is_the_same_but_for_fractions():
    arrays, _ = numbers("unsharp")
    levels = arrays["image_smooth"]
    for unsharp in (Unsharp(), Unsharp(9, 3, 2)):
        made = sharpened(levels.astype(np.float32), unsharp)
        assert np.abs(made - deforum_sharpened(levels, unsharp)).max() <= 0.5 * unsharp.amount + 1


def test_the_threshold_is_the_same_above_and_below():
    step = np.full((9, 30, 3), 100, np.float32)
    step[:, 15:] = 104
    strong, kept = Unsharp(5, 1, 1, 1), Unsharp(5, 1, 1, 5)
    assert np.array_equal(sharpened(step, kept), step)
    change = sharpened(step, strong) - step
    assert change[:, 14].max() < -1 and change[:, 15].min() > 1
    deforums = deforum_sharpened(step.astype(np.uint8), strong)
    assert (deforums[:, 15] == 104).all() or (deforums[:, 14] < 100).all()


def test_outside_the_mask_no_pixel_changes():
    mask = np.zeros((20, 24))
    mask[5:10] = 1
    made = sharpened(NOISE, Unsharp(amount=2), mask)
    assert np.array_equal(made[mask == 0], NOISE[mask == 0])
    assert np.array_equal(made[5:10], sharpened(NOISE, Unsharp(amount=2))[5:10])


def test_no_amount_is_no_change_and_contrast_1_neither():
    picture = NOISE.copy()
    for _ in range(100):
        picture = contrast(sharpened(picture, Unsharp(amount=0)), 1)
    assert np.array_equal(picture, NOISE)


@given(
    st.integers(0, 31),
    st.floats(0.1, 10),
    st.floats(-5, 5),
    st.floats(0, 255),
    st.integers(1, 9),
    st.integers(1, 9),
)
@settings(max_examples=40, deadline=None)
def test_every_kernel_works_at_every_size(kernel, sigma, amount, threshold, height, width):
    picture = NOISE[:height, :width]
    unsharp = Unsharp(kernel, sigma, amount, threshold)
    made = sharpened(picture, unsharp)
    assert made.shape == picture.shape and 0 <= made.min() and made.max() <= 255
    assert deforum_sharpened(picture.astype(np.uint8), unsharp).shape == picture.shape


@pytest.mark.parametrize("name", ["kernel", "sigma", "amount", "threshold"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e9])
def test_what_is_out_of_range_is_refused_by_its_name(name, value):
    with pytest.raises(UserError, match=f"{name}_schedule"):
        Unsharp(**{name: value})
    with pytest.raises(UserError, match="kernel_schedule and sigma_schedule"):
        Unsharp(0, 0)


def test_deforums_contrast_begins_again_at_black():
    levels = np.array([[[100, 128, 200]]], np.uint8)
    assert deforum_contrast(levels, 2).tolist() == [[[200, 0, 144]]]
    assert deforum_contrast(levels, 1.005).tolist() == [[[100, 129, 201]]]
    ours = contrast(levels.astype(np.float32), 2)
    assert ours.tolist() == [[[200, 255, 255]]]


def test_grey_keeps_the_light():
    made = grey(np.array([[[255, 0, 0], [10, 10, 10]]], np.float32))
    np.testing.assert_allclose(made, [[[76.245] * 3, [10] * 3]], rtol=1e-5)
    levels = NOISE.astype(np.uint8)
    assert np.abs(deforum_grey(levels) - grey(levels.astype(np.float32))).max() <= 0.51
