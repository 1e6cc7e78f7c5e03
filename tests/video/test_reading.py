import numpy as np
import pytest

from webui.core.errors import UserError
from webui.video.encoding import Encoding
from webui.video.reading import still
from webui.video.writing import write_film


def test_the_first_picture_of_each_format(tmp_path):
    for format in ("mp4", "webm", "gif"):
        out = tmp_path / f"film.{format}"
        frames = [np.full((16, 16, 3), value, np.uint8) for value in (60, 200)]
        write_film(frames, out, Encoding(format, preset="ultrafast"))
        assert abs(np.asarray(still(out)).mean() - 60) < 5


def test_a_list_of_other_files_is_no_film(tmp_path):
    write_film([np.full((16, 16, 3), 9, np.uint8)], tmp_path / "other.mp4", Encoding())
    (tmp_path / "film.mp4").write_text("ffconcat version 1.0\nfile other.mp4\n")
    with pytest.raises(UserError, match=r"film\.mp4 is no film"):
        still(tmp_path / "film.mp4")


@pytest.mark.parametrize("data", [b"", b"text", b"\x00" * 5000])
def test_what_is_no_film(tmp_path, data):
    path = tmp_path / "film.mp4"
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"film\.mp4 is no film"):
        still(path)
