from contextlib import ExitStack

import numpy as np
import pytest
from PIL import Image

from tests.animation.painters import plan
from webui.animation.material import Material, fitted, material_of, resized
from webui.core.errors import UserError
from webui.video.encoding import Encoding
from webui.video.writing import write_film


@pytest.fixture
def film(tmp_path):
    """Six pictures, 40 levels apart."""
    path = tmp_path / "film.mp4"
    frames = [np.full((32, 48, 3), 20 + 40 * number, np.uint8) for number in range(6)]
    write_film(frames, path, Encoding(preset="ultrafast"))
    return path


def test_a_clip_at_the_size_that_is_drawn(film):
    made = plan(animation_mode="Video Input", video_init_path="x", extract_nth_frame=2)
    with ExitStack() as stack:
        found = material_of(made, {"x": "r"}, (64, 40), None, lambda ref: film, stack)
        assert found.clip is not None and found.mask_clip is None
        for number, level in enumerate((20, 100, 180)):
            levels = found.clip(number)
            assert levels.shape == (40, 64, 3) and abs(levels.mean() - level) < 4


def test_no_clip_is_opened_where_none_is_wanted(film):
    with ExitStack() as stack:
        found = material_of(plan(), {"video_init_path": "r"}, (64, 40), None, None, stack)
        assert found.clip is None


def test_pictures_by_their_setting():
    with ExitStack() as stack:
        opened = {"r": Image.new("RGB", (4, 4), "red")}
        found = material_of(plan(), {"a.png": "r"}, (8, 8), opened.get, None, stack)
        assert found.picture("init_image", "a.png").size == (4, 4)
        with pytest.raises(UserError, match=r"mask_file names a file that was not sent \(b\.png"):
            found.picture("mask_file", "b.png")
    with pytest.raises(UserError, match="was not sent"):
        Material().picture("mask_file", "x")


def test_depths_that_were_sent(film, tmp_path):
    ramp = np.tile(np.arange(0, 64, 4, dtype=np.uint8), (8, 1))
    Image.fromarray(ramp).save(tmp_path / "depth.png")
    made = plan(animation_mode="3D", depth_source="d")
    with ExitStack() as stack:
        still = material_of(
            made, {"d": "r"}, (8, 8), None, lambda ref: tmp_path / "depth.png", stack
        )
        assert np.array_equal(still.depth(0), ramp) and np.array_equal(still.depth(9), ramp)
        moving = material_of(made, {"d": "r"}, (8, 8), None, lambda ref: film, stack)
        assert abs(moving.depth(2).mean() - 100) < 4 and moving.depth(0).shape == (32, 48)
        assert material_of(plan(), {}, (8, 8), None, None, stack).depth is None


def test_sizes():
    levels = np.zeros((4, 6, 3), np.uint8)
    assert resized(levels, (6, 4)) is levels and resized(levels, (12, 9)).shape == (9, 12, 3)
    assert fitted(Image.new("RGBA", (5, 5)), (8, 6)).shape == (6, 8, 3)
