import numpy as np
import pytest
from PIL import Image

from webui.motion.pictures import to_image, to_levels


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_an_image_comes_back_as_it_was(mode):
    channels = len(mode)
    levels = np.random.default_rng(1).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    image = Image.fromarray(levels.squeeze())
    picture = levels.astype(np.float32)
    assert to_image(picture).mode == mode
    assert to_image(picture).tobytes() == image.tobytes()


def test_levels_are_rounded_and_kept_to_their_range():
    picture = np.array([[[-3.0, 1.49, 1.51, 254.6, 999.0]]], np.float32)
    assert to_levels(picture).tolist() == [[[0, 1, 2, 255, 255]]]
