import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.motion.goldens import difference, numbers
from webui.motion.flow import (
    METHODS,
    blurred,
    consistency,
    deforum_absolute,
    deforum_filtered,
    deforum_relative,
    estimated,
    filtered,
    moved_by,
    resized,
)


@pytest.fixture(scope="module")
def deforum() -> dict[str, np.ndarray]:
    return numbers("hybrid_flow")[0]


def smooth(height: int, width: int, x: float = 0, y: float = 0) -> np.ndarray:
    """Moved right and down by x and y."""
    down, across = np.mgrid[:height, :width].astype(float)
    across, down = across - x, down - y
    bent = np.sin(across * down / 300)
    waves = [np.sin(across / 5 + i) * np.cos(down / 4 - i) + bent for i in range(3)]
    return (128 + 50 * np.stack(waves, axis=-1)).astype(np.float32)


def test_pictures_are_moved_by_flow_like_deforums(deforum):
    _, meta = numbers("hybrid_flow")
    factors = [case["flow_factor"] for case in meta["cases"] if case["key"].startswith("remap")]
    for number, factor in enumerate(factors):
        made = moved_by(deforum["image"], deforum["flow"], factor)
        apart = difference(made, deforum[f"remap_{number}"])
        assert apart.max() <= 1 and apart.mean() <= 0.1
    assert len(factors) == 4


def test_the_relative_form_is_deforums(deforum):
    made = deforum_relative(deforum["flow"])
    np.testing.assert_allclose(made, deforum["rel"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(deforum_absolute(made), deforum["rel_to_abs"], rtol=1e-6)
    assert np.abs(deforum_absolute(made)).max() == pytest.approx(1)
    still = np.zeros((3, 4, 2), np.float32)
    assert not deforum_absolute(deforum_relative(still)).any()


def test_consistency_is_deforums(deforum):
    forward, backward = deforum["flow"], deforum["flow_backward"]
    wide = consistency(forward, backward)
    assert np.array_equal(wide, deforum["consistency_wide"].astype(np.float32))
    square = consistency(forward[:, :48], backward[:, :48])
    assert np.array_equal(square, deforum["consistency_square"].astype(np.float32))
    spread = blurred(square, 2)
    np.testing.assert_allclose(spread, deforum["consistency_square_blur2"], atol=1e-6)
    made = deforum_filtered(forward[:, :48], spread)
    np.testing.assert_allclose(made, deforum["filtered_square"], atol=1e-5)
    assert np.array_equal(blurred(square, 0), square)


def test_a_flow_that_leads_back_is_reliable():
    there = np.full((20, 30, 2), (3, -2), np.float32)
    reliable = consistency(there, -there)
    assert (reliable[:-1, :-1] == 1).all()
    lost = consistency(there, there)
    assert (lost[..., 0] == -0.75).all()
    assert not filtered(there, lost).any() and (deforum_filtered(there, lost)[..., 0] < 0).all()
    assert np.array_equal(filtered(there, reliable), there)


def test_flow_is_estimated_like_deforums(deforum):
    """Its pictures are BGR."""
    first, second = (deforum[name][..., ::-1] for name in ("image", "image_shifted"))
    for method in METHODS:
        wanted = deforum[f"est_{method.replace(' ', '_')}"].astype(np.float32)
        apart = np.abs(estimated(first, second, method) - wanted)
        assert apart.max() <= 0.7 and apart.mean() <= 0.01, method


@pytest.mark.parametrize("method", METHODS)
def test_the_flow_has_its_true_length_and_direction(method):
    first = smooth(80, 96)
    for x, y in ((3, -2), (-5, 1)):
        flow = estimated(first, smooth(80, 96, x, y), method)[15:-15, 15:-15]
        assert np.median(flow, axis=(0, 1)) == pytest.approx([x, y], abs=0.25)
    still = estimated(first, first, method)
    assert np.abs(still).mean() < 0.05


def test_a_picture_moved_by_its_flow_is_the_other_one():
    first, second = smooth(80, 96), smooth(80, 96, 4, 2)
    flow = estimated(first, second, "DIS Fine")
    inside = (slice(12, -12), slice(12, -12))
    assert np.abs(moved_by(first, flow) - second)[inside].mean() < 2
    assert np.abs(moved_by(second, flow, -1) - first)[inside].mean() < 2
    assert np.abs(second - first)[inside].mean() > 10


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (13, 7), (31, 65)])
def test_flow_comes_at_any_size(method, size):
    flow = estimated(smooth(*size), smooth(*size, 1, 0), method)
    assert flow.shape == (*size, 2) and flow.dtype == np.float32 and np.isfinite(flow).all()


@given(st.integers(1, 20), st.integers(1, 20), st.floats(-1e30, 1e30))
@settings(max_examples=30, deadline=None)
def test_no_flow_makes_levels_that_are_none(height, width, length):
    picture = smooth(height, width)
    flow = np.full((height, width, 2), length, np.float32)
    made = moved_by(picture, flow)
    assert made.dtype == np.float32 and np.isfinite(made).all()
    assert moved_by(picture.astype(np.uint8), flow).dtype == np.uint8
    for still in (moved_by(picture, flow, 0), moved_by(picture, np.zeros_like(flow), 5, "bicubic")):
        assert np.array_equal(still, picture)


def test_a_flow_for_a_smaller_picture_is_shorter():
    flow = np.full((20, 40, 2), (8, 2), np.float32)
    made = resized(flow, 20, 5)
    assert made.shape == (5, 20, 2) and np.allclose(made, (4, 0.5))
    assert resized(flow, 40, 20) is flow
