import io

import numpy as np
import pytest
from PIL import Image

from tests.motion.goldens import numbers
from webui.core.errors import UserError
from webui.motion.depth import (
    PLANE,
    blended,
    depth_of_file,
    depth_picture,
    distances,
    equalized,
    resized,
)


def test_depths_are_made_even_like_deforums():
    arrays, _ = numbers("warp3d")
    even = equalized(arrays["depth_rel"])
    assert even is not None
    np.testing.assert_allclose(even, arrays["depth_rel_equalized"], atol=2e-7)


def test_larger_is_nearer_or_farther():
    ramp = np.linspace(-3, 7, 5000).reshape(50, 100)
    near, far = distances(ramp), distances(ramp, "smaller")
    assert isinstance(near, np.ndarray) and isinstance(far, np.ndarray)
    assert near[0, 0] > 1.99 and near[-1, -1] == 1
    np.testing.assert_allclose(near + far, 3)
    # evenly filled: a tenth of the pixels for each tenth of the way
    counts, _ = np.histogram(near, 10, (1, 2))
    assert np.abs(counts - 500).max() < 10


@pytest.mark.parametrize("spoiled", [np.nan, np.inf, -np.inf, None])
def test_without_any_depth_it_is_a_plane(spoiled):
    depth = np.arange(6.0).reshape(2, 3)
    depth[0, 1] = spoiled if spoiled is not None else 0
    assert distances(depth if spoiled is not None else None) == PLANE
    assert distances(np.full((4, 4), 5.0)) == PLANE
    assert distances(np.zeros((1, 1))) == PLANE


def file(levels: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(levels).save(data, "PNG")
    return data.getvalue()


def test_a_picture_of_16_bits_keeps_them_all():
    levels = (np.arange(600).reshape(20, 30) * 100).astype(np.uint16)
    assert np.array_equal(depth_of_file(file(levels)), levels)
    grey = (levels // 256).astype(np.uint8)
    assert np.array_equal(depth_of_file(file(grey)), grey)
    colored = np.repeat(grey[..., None], 3, axis=-1)
    assert np.array_equal(depth_of_file(file(colored)), grey)


def test_what_is_no_picture_is_refused():
    with pytest.raises(UserError) as error:
        depth_of_file(b"nothing")
    assert error.value.problem.code == "picture_unknown"


def test_a_depth_of_another_size_is_fitted():
    depth = np.linspace(0, 1, 12).reshape(3, 4)
    assert resized(depth, 4, 3) is depth
    larger = resized(depth, 9, 7)
    assert larger.shape == (7, 9) and larger.min() == 0 and larger.max() == 1
    assert np.all(np.diff(larger, axis=1) >= 0)


def test_the_two_networks_are_blended_in_metres():
    relative, metric = np.array([[31.0]]), np.array([[5.0]])
    assert blended(relative, metric, 1) == 1
    assert blended(relative, metric, 0) == 5
    assert blended(relative, metric, 0.2) == pytest.approx(0.2 + 4)


def test_a_picture_of_depths_is_white_near_whatever_the_unit():
    depth = np.array([[1.0, 3.0], [2.0, 5.0]])
    assert depth_picture(depth).tolist() == [[0, 128], [64, 255]]
    assert depth_picture(depth, "smaller").tolist() == [[255, 128], [191, 0]]
    assert depth_picture(np.ones((2, 2))) is None
    assert depth_picture(np.array([[1.0, np.inf]])) is None
