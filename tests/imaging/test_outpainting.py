"""Canvases for outpainting."""

import numpy as np
from PIL import Image

from tests.imaging.goldens import picture
from webui.imaging.outpainting import extended


def test_the_old_picture_is_on_the_canvas_and_kept_beyond_the_seam() -> None:
    image = picture("smooth")
    canvas, mask = extended(image, 40, 0, 8, 100, seed=1)
    assert canvas.size == mask.size == (136, 188) and (canvas.mode, mask.mode) == ("RGB", "L")
    assert canvas.crop((40, 8, 136, 88)).tobytes() == image.tobytes()
    levels = np.asarray(mask)
    assert (levels[:8] == 255).all() and (levels[88:] == 255).all()
    assert (levels[:, :40] == 255).all()
    assert not levels[16:80, 48:].any()
    assert isinstance(canvas, Image.Image)
