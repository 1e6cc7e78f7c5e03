from contextlib import ExitStack

import numpy as np
from PIL import Image

from webui.animation.films import Films
from webui.video.encoding import Encoding
from webui.video.writing import write_film

FILM, STILL, OTHER = (f"sha256:{letter * 64}" for letter in "abc")


def test_each_frame_has_its_picture_and_a_short_film_ends_with_its_last(tmp_path):
    pictures = [np.full((16, 16, 3), 60 * number, np.uint8) for number in range(3)]
    write_film(pictures, tmp_path / "film.mp4", Encoding("mp4", preset="ultrafast"))
    Image.fromarray(pictures[1]).save(tmp_path / "still.png")
    paths = {FILM: tmp_path / "film.mp4", STILL: tmp_path / "still.png"}
    values = {"controlnet": {"units": [{"image": FILM}, {"image": STILL}]}}
    with ExitStack() as stack:
        films = Films(values, paths.__getitem__, stack)
        shown = [films.at(FILM, frame) for frame in (0, 1, 2, 7, 1)]
        light = [None if one is None else round(float(np.mean(np.asarray(one)))) for one in shown]
        assert [one and round(one / 60) for one in light] == [0, 1, 2, 2, 1]
        assert films.at(STILL, 0) is None and films.at(OTHER, 0) is None
