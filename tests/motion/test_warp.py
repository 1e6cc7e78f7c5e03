import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.motion.goldens import difference, numbers
from tests.motion.test_camera import of
from webui.motion.camera import Flip, Move2D, Move3D
from webui.motion.depth import distances
from webui.motion.warp import (
    Lookup,
    deforum_grid,
    deforum_warp_2d,
    deforum_warp_3d,
    warp_2d,
    warp_3d,
)

ALL = [
    Lookup(border, padding, mode)
    for border, padding in (("replicate", "border"), ("wrap", "reflection"), ("wrap", "zeros"))
    for mode in ("bicubic", "bilinear", "nearest")
]


def flip_of(case) -> Flip | None:
    return of(Flip, case["params"]) if case["enable_perspective_flip"] else None


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 255, (height, width, 3)).astype(np.float32)


def smooth(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 9 + i) + np.cos(y / 7 - i) for i in range(3)]
    return (128 + 50 * np.stack(waves, axis=-1)).astype(np.float32)


def test_2d_is_deforums():
    arrays, meta = numbers("warp2d")
    limits = {"image_noise": (6, 1.0), "image_smooth": (4, 0.11)}
    for case in meta["cases"]:
        move = of(Move2D, case["params"], flip=flip_of(case))
        made = deforum_warp_2d(arrays[case["image"]], move, case["border"])
        apart = difference(made, arrays[f"out_{case['key']}"])
        most, mean = limits[case["image"]]
        assert apart.max() <= most and apart.mean() <= mean, case["key"]


def deforums_3d():
    arrays, meta = numbers("warp3d")
    spoiled = arrays["depth_rel"].copy()
    spoiled[3, 4] = np.nan
    depths = {"rel": arrays["depth_rel"], "nan": spoiled, "none": None}
    depths["const"] = np.full((48, 64), 5.0)
    for case in meta["cases"]:
        old = case["depth_algorithm"].endswith("(old)")
        nearer = "larger" if case["depth_algorithm"].startswith("Midas") else "smaller"
        distance = arrays["depth_legacy"] if old else distances(depths[case["depth"]], nearer)
        values = dict(case["params"])
        if case["aspect_ratio_use_old_formula"]:
            values["aspect_ratio"] = 64 / 48
        move = of(Move3D, values, flip=flip_of(case))
        lookup = Lookup("replicate", case["padding_mode"], case["sampling_mode"])
        made = deforum_warp_3d(arrays["image"], move, distance, lookup, old)
        yield case, made, arrays


def test_3d_is_deforums():
    """One level in a few pixels where a fraction lies within a rounding of 32 bits from whole."""
    checked = 0
    for case, made, arrays in deforums_3d():
        apart = difference(made, arrays[f"out_{case['key']}"])
        flipped = case["enable_perspective_flip"]
        most, mean = (2, 0.15) if flipped else (1, 0.0015)
        assert apart.max() <= most and apart.mean() <= mean, case["key"]
        checked += 1
    assert checked == 26


def test_the_grid_is_deforums():
    _, meta = numbers("warp3d")
    arrays, _ = numbers("warp3d")
    case = next(case for case in meta["cases"] if case["key"] == "08")
    made = deforum_grid(of(Move3D, case["params"]), distances(arrays["depth_rel"]), 64, 48)
    np.testing.assert_allclose(made, arrays["grid_08"], atol=2e-6)


def test_a_camera_that_stands_still_darkens_as_deforums_does():
    arrays, _ = numbers("warp3d")
    levels, distance = arrays["image"], distances(arrays["depth_rel"])
    means = [levels.mean()]
    for _ in range(50):
        levels = deforum_warp_3d(levels, Move3D(), distance)
        means.append(levels.mean())
    np.testing.assert_allclose(means, arrays["identity_drift_mean"], atol=0.01)
    assert means[0] - means[-1] > 8


@pytest.mark.parametrize("lookup", ALL, ids=str)
@pytest.mark.parametrize("flip", [None, Flip()], ids=["", "flip"])
@pytest.mark.parametrize("size", [(1, 1), (33, 47)])
def test_a_camera_that_stands_still_leaves_the_picture_over_100_frames(lookup, flip, size):
    picture = noise(*size)
    distance = np.random.default_rng(2).uniform(1, 2, size)
    flat = deep = picture
    for _ in range(100 if size == (33, 47) else 2):
        flat = warp_2d(flat, Move2D(flip=flip), lookup)
        deep = warp_3d(deep, Move3D(flip=flip), distance, lookup)
    assert np.array_equal(flat, picture) and np.array_equal(deep, picture)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(-99, 99), st.integers(-99, 99))
@settings(max_examples=30, deadline=None)
def test_a_shift_around_the_edges_and_back_loses_nothing(height, width, x, y):
    picture, lookup = noise(height, width), Lookup("wrap")
    there = warp_2d(picture, Move2D(translation_x=x, translation_y=y), lookup)
    assert np.array_equal(there, np.roll(picture, (y, x), (0, 1)))
    back = warp_2d(there, Move2D(translation_x=-x, translation_y=-y), lookup)
    assert np.array_equal(back, picture)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (Move2D(angle=7), Move2D(angle=-7)),
        (Move2D(zoom=1.05), Move2D(zoom=1 / 1.05)),
        (Move2D(translation_x=3.5), Move2D(translation_x=-3.5)),
    ],
)
def test_there_and_back_is_where_it_was(there, back):
    picture = smooth(80, 100)
    made = warp_2d(warp_2d(picture, there), back)
    inside = (slice(15, -15), slice(15, -15))
    assert np.abs(made[inside] - picture[inside]).max() < 0.5


@pytest.mark.parametrize(
    "value",
    [{"translation_z": 5}, {"translation_x": 8}, {"rotation_3d_y": 2}, {"rotation_3d_z": 4}],
)
def test_there_and_back_in_space_is_nearly_where_it_was(value):
    """The way back is reckoned from where pixels are now, as ever in one step of an animation."""
    picture = smooth(80, 100)
    opposite = {name: -number for name, number in value.items()}
    made = warp_3d(warp_3d(picture, Move3D(**value), 1.0), Move3D(**opposite), 1.0)
    inside = (slice(15, -15), slice(15, -15))
    assert np.abs(made[inside] - picture[inside]).mean() < 1.5
    assert np.abs(warp_3d(picture, Move3D(**value), 1.0) - picture)[inside].mean() > 1.9


@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
def test_a_quarter_of_a_turn_is_one(mode):
    picture = noise(33, 33)
    flat = warp_2d(picture, Move2D(angle=90), Lookup(sampling_mode=mode))
    np.testing.assert_allclose(flat, np.rot90(picture), atol=1e-3)
    deep = warp_3d(picture, Move3D(rotation_3d_z=90), 1.0, Lookup(sampling_mode=mode))
    np.testing.assert_allclose(deep, np.rot90(picture), atol=1e-3)


def test_a_zoom_stays_in_the_middle():
    picture = smooth(60, 60)
    picture = (picture + picture[::-1] + picture[:, ::-1] + picture[::-1, ::-1]) / 4
    for _ in range(10):
        picture = warp_2d(picture, Move2D(zoom=1.03))
    np.testing.assert_allclose(picture, picture[::-1, ::-1], atol=0.01)


def test_right_is_right_in_both():
    picture = noise(64, 64)
    flat = warp_2d(picture, Move2D(translation_x=4))
    assert np.array_equal(flat[:, 4:], picture[:, :-4])
    # a quarter of the picture's width by the field of view of 90 degrees, at the distance 1
    deep = warp_3d(picture, Move3D(translation_x=25, fov=90), 1.0)
    np.testing.assert_allclose(deep[:, 4:], picture[:, :-4], atol=0.01)
    deforums = deforum_warp_3d(picture.astype(np.uint8), Move3D(translation_x=25, fov=90), 1.0)
    assert np.abs(deforums[:, :-4].astype(float) - picture[:, 4:]).max() < 3


@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from(ALL),
    st.floats(-1e6, 1e6),
    st.floats(1e-6, 1e6),
    st.floats(-1e300, 1e300),
)
@settings(max_examples=60, deadline=None)
def test_no_move_makes_levels_that_are_none(height, width, lookup, angle, zoom, far):
    picture = noise(height, width)
    turned = warp_2d(picture, Move2D(angle=angle, zoom=zoom, translation_x=far), lookup)
    deep = Move3D(far, -far, far, angle, angle / 3, angle / 7)
    for made in (turned, warp_3d(picture, deep, 1.5, lookup)):
        assert made.shape == picture.shape and np.isfinite(made).all()
    assert deforum_warp_3d(picture.astype(np.uint8), deep, 1.5, lookup).shape == picture.shape


def test_transparent_pictures_move_as_a_whole():
    picture = np.concatenate([noise(9, 9), np.full((9, 9, 1), 255, np.float32)], axis=-1)
    made = warp_3d(picture, Move3D(translation_z=-60), 1.0, Lookup(padding_mode="zeros"))
    assert made.shape == (9, 9, 4) and made[0, 0, 3] < 20 and made[4, 4, 3] == pytest.approx(255)


def test_it_is_quick_enough_for_a_preview():
    picture = noise(512, 512)
    distance = np.random.default_rng(1).uniform(1, 2, (512, 512))
    start = time.process_time()
    warp_3d(picture, Move3D(translation_z=3, rotation_3d_y=1), distance)
    assert time.process_time() - start < 1
