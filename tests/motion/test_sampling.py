import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webui.motion.sampling import sampled

MODES = ("bicubic", "bilinear", "nearest")
PADDINGS = ("border", "reflection", "zeros", "wrap", "mirror")
NUMPY_PADS = {"border": "edge", "reflection": "symmetric", "zeros": "constant"}
NUMPY_PADS |= {"wrap": "wrap", "mirror": "reflect"}


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 255, (height, width, channels)).astype(np.float32)


def own_places(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:height, :width].astype(float)
    return x, y


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", PADDINGS)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
@settings(max_examples=10, deadline=None)
def test_at_its_own_pixels_a_picture_stays_to_the_bit(mode, padding, height, width, channels):
    picture = noise(height, width, channels)
    made = sampled(picture, *own_places(height, width), mode, padding)
    assert made.dtype == np.float32 and np.array_equal(made, picture)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (4, 1), (5, 7)])
def test_outside_lies_what_the_padding_says(padding, size):
    picture = noise(*size)
    around = ((20, 20), (20, 20), (0, 0))
    wanted = np.pad(picture, around, mode=NUMPY_PADS[padding])
    x, y = own_places(*wanted.shape[:2])
    for mode in MODES:
        assert np.array_equal(sampled(picture, x - 20, y - 20, mode, padding), wanted), mode


@pytest.mark.parametrize(
    ("mode", "flag"), [("bicubic", cv2.INTER_CUBIC), ("bilinear", cv2.INTER_LINEAR)]
)
def test_between_pixels_it_is_opencvs(mode, flag):
    """At multiples of 1/32 pixel, which OpenCV rounds places to."""
    picture = noise(30, 40)
    x, y = np.random.default_rng(2).integers(32 * 3, 32 * 26, (2, 20, 20)) / 32
    wanted = cv2.remap(picture, x.astype(np.float32), y.astype(np.float32), flag)
    np.testing.assert_allclose(sampled(picture, x, y, mode, "border"), wanted, atol=2e-3)


def test_a_constant_stays_one_and_a_ramp_a_ramp():
    x, y = np.random.default_rng(3).uniform(3, 26, (2, 15, 15))
    ramp = np.broadcast_to(np.arange(30, dtype=np.float32)[None, :, None], (30, 30, 1))
    np.testing.assert_allclose(sampled(ramp, x, y, "bilinear", "border")[..., 0], x, atol=1e-5)
    for mode in MODES:
        flat = sampled(np.full((30, 30, 1), 200, np.float32), x, y, mode, "border")
        np.testing.assert_allclose(flat, 200, rtol=1e-6)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", PADDINGS)
def test_places_that_are_no_places_are_far_outside(mode, padding):
    picture = noise(5, 4)
    strange = np.array([[np.nan, np.inf, -np.inf, 1e300, -1e300, 0]])
    made = sampled(picture, strange, np.zeros_like(strange), mode, padding)
    assert np.isfinite(made).all()
    if padding == "zeros":
        assert not made[:, :5].any()


def test_many_pixels_come_out_in_their_order():
    picture = noise(300, 301)
    x, y = own_places(300, 301)
    made = sampled(picture, x[::-1] + 0, y[::-1], "bilinear", "border")
    assert np.array_equal(made, picture[::-1])
