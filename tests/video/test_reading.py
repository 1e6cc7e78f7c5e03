import numpy as np
import pytest

from webui.core.errors import UserError
from webui.video.encoding import Encoding
from webui.video.reading import FilmReader, film_info, still
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


def grey(values, size=(48, 32)):
    return [np.full((size[1], size[0], 3), value, np.uint8) for value in values]


@pytest.fixture
def film(tmp_path):
    """Ten pictures, each 20 levels lighter than the one before."""
    path = tmp_path / "film.mp4"
    write_film(grey(range(20, 220, 20)), path, Encoding(fps=24, preset="ultrafast"))
    return path


def test_what_is_known_of_a_film(film):
    info = film_info(film)
    assert (info.frames, info.width, info.height, info.fps) == (10, 48, 32, 24)


def test_a_film_of_an_odd_size(tmp_path):
    write_film(grey([50], (33, 17)), tmp_path / "a.webm", Encoding("webm"))
    info = film_info(tmp_path / "a.webm")
    assert info.frames == 1 and still(tmp_path / "a.webm").size == (info.width, info.height)


def levels_of(reader, numbers):
    return [round(float(reader.frame(number).mean())) for number in numbers]


def test_pictures_by_their_number_in_any_order(film):
    with FilmReader(film, (48, 32), range(10)) as reader:
        assert len(reader) == 10
        wanted = [0, 1, 1, 5, 4, 9, 0, 3]
        assert np.allclose(levels_of(reader, wanted), [20 + 20 * n for n in wanted], atol=4)
        assert reader.frame(99).mean() == reader.frame(9).mean()  # behind the end


def test_some_of_the_pictures(film):
    with FilmReader(film, (48, 32), range(2, 7, 2)) as reader:
        assert np.allclose(levels_of(reader, [0, 1, 2, 3]), [60, 100, 140, 140], atol=4)


def test_none_of_them(film):
    with FilmReader(film, (48, 32), ()) as reader, pytest.raises(UserError, match="no film"):
        reader.frame(0)


def test_a_film_that_is_cut_off_gives_what_it_has(film, tmp_path):
    write_film(grey(range(20, 220, 2), (64, 64)), tmp_path / "a.webm", Encoding("webm"))
    cut = tmp_path / "cut.webm"
    data = (tmp_path / "a.webm").read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    with FilmReader(cut, (64, 64), range(100)) as reader:
        last = reader.frame(99)
        assert 40 < last.mean() < 200
    (tmp_path / "head.mp4").write_bytes(film.read_bytes()[:60])
    with pytest.raises(UserError, match="no film"):
        film_info(tmp_path / "head.mp4")
