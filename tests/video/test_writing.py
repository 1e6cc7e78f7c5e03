from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.sound.signals import sine, write_wav
from webui.core.errors import UserError
from webui.sound.decoding import RATE, read_sound
from webui.video.encoding import Beside, Encoding, command, joining_command
from webui.video.reading import still
from webui.video.subtitles import srt
from webui.video.writing import join, write_film


def frames(count: int, height: int = 48, width: int = 64) -> Iterator[np.ndarray]:
    """Flat ones, each a little lighter."""
    for number in range(count):
        yield np.full((height, width, 3), (40 + 10 * number) % 256, np.uint8)


def read(path: Path) -> tuple[str, list[np.ndarray]]:
    """What ffmpeg says of a film, and its pictures."""
    start = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", f"file:{path}"]
    told = subprocess.run(start, capture_output=True, text=True, check=False).stderr
    raw = [*start, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]
    data = subprocess.run(raw, capture_output=True, check=True).stdout
    width, height = map(int, re.findall(r", (\d+)x(\d+)", told)[0])
    return told, list(np.frombuffer(data, np.uint8).reshape(-1, height, width, 3))


@pytest.mark.parametrize("format", ["mp4", "webm"])
def test_a_film_has_the_pictures_in_their_order_at_its_speed(tmp_path, format):
    out = tmp_path / f"film.{format}"
    assert write_film(frames(12), out, Encoding(format, fps=12.5, preset="ultrafast")) == 12
    about, pictures = read(out)
    assert "12.50 fps" in about and "yuv420p" in about
    assert (len(pictures), pictures[0].shape) == (12, (48, 64, 3))
    for number, picture in enumerate(pictures):
        assert abs(picture.mean() - (40 + 10 * number)) < 4


@pytest.mark.parametrize("format", ["gif", "apng", "webp"])
def test_moving_pictures(tmp_path, format):
    out = tmp_path / f"film.{format}"
    write_film(frames(5), out, Encoding(format, fps=10))
    with Image.open(out) as image:
        means = [np.asarray(one.convert("RGB")).mean() for one in ImageSequence.Iterator(image)]
        assert image.info.get("loop") == 0
    assert len(means) == 5
    assert np.abs(np.array(means) - [40, 50, 60, 70, 80]).max() < 6


def test_odd_sides_get_a_line_where_colours_need_even_ones(tmp_path):
    out = tmp_path / "film.mp4"
    write_film(frames(3, 47, 63), out, Encoding("mp4"))
    assert read(out)[1][0].shape == (48, 64, 3)
    write_film(frames(3, 47, 63), tmp_path / "film.gif", Encoding("gif"))
    with Image.open(tmp_path / "film.gif") as image:
        assert image.size == (63, 47)


def test_one_picture_is_held_at_a_time(tmp_path):
    taken: list[int] = []
    checked: list[int] = []

    def counted() -> Iterator[np.ndarray]:
        for number, picture in enumerate(frames(4)):
            assert checked == taken, "the one before has gone to the encoder"
            taken.append(number + 1)
            yield picture

    write_film(counted(), tmp_path / "film.mp4", Encoding(preset="ultrafast"), checked.append)
    assert checked == [1, 2, 3, 4]


def test_what_stops_it_leaves_no_file(tmp_path):
    out = tmp_path / "film.mp4"

    def stop(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(frames(9), out, Encoding(), stop)
    with pytest.raises(UserError, match="no pictures"):
        write_film(iter(()), out, Encoding())
    mixed = [*frames(2), *frames(1, 10, 10)]
    with pytest.raises(UserError, match="64 × 48 and 10 × 10"):
        write_film(mixed, out, Encoding())
    assert list(tmp_path.iterdir()) == []


def test_a_film_that_is_there_stays_where_another_fails(tmp_path):
    out = tmp_path / "film.mp4"
    write_film(frames(3), out, Encoding(preset="ultrafast"))
    before = out.read_bytes()

    def broken(done: int) -> None:
        raise BrokenPipeError("the caller's own")

    with pytest.raises(BrokenPipeError, match="own"):
        write_film(frames(3), out, Encoding(preset="ultrafast"), broken)
    assert out.read_bytes() == before and list(tmp_path.iterdir()) == [out]


def test_the_encoders_reason_is_told(tmp_path):
    with pytest.raises(UserError, match="could not be written .*preset"):
        write_film(frames(300), tmp_path / "film.mp4", Encoding(preset="no such"))
    with pytest.raises(UserError, match="could not be written"):
        write_film(frames(3), tmp_path / "nowhere" / "film.mp4", Encoding())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seconds", [0.5, 5])
@pytest.mark.parametrize("format", ["mp4", "webm"])
def test_sound_is_as_long_as_the_film(tmp_path, seconds, format):
    sound, silent, out = (tmp_path / name for name in ("-a tone.wav", "silent", "loud"))
    make = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi", "-i"]
    subprocess.run([*make, f"sine=frequency=440:duration={seconds}", f"file:{sound}"], check=True)
    write_film(frames(20), silent, Encoding(format, fps=10, preset="ultrafast"))
    join(silent, Beside(2.0, sound), format, out)
    about, pictures = read(out)
    assert "Audio: " in about and len(pictures) == 20
    hours, minutes, length = re.findall(r"Duration: (\d+):(\d+):([\d.]+)", about)[0]
    assert (hours, minutes) == ("00", "00") and float(length) == pytest.approx(2, abs=0.1)


def test_what_has_no_sound_is_named(tmp_path):
    film, out = tmp_path / "film.mp4", tmp_path / "out.mp4"
    write_film(frames(3), film, Encoding())
    (tmp_path / "words.mp3").write_text("text")
    with pytest.raises(UserError, match=r"words\.mp3"):
        join(film, Beside(1.0, tmp_path / "words.mp3"), "mp4", out)
    with pytest.raises(UserError, match="gif"):
        join(film, Beside(1.0, film), "gif", out)
    assert not out.exists()


def test_only_files_and_pipes_may_be_opened(tmp_path):
    both = [
        command(8, 8, Encoding(), tmp_path / "b"),
        joining_command(
            tmp_path / "a", Beside(1, tmp_path / "b", 0, tmp_path / "s"), "mp4", tmp_path / "c"
        ),
    ]
    for line, inputs in zip(both, (1, 3), strict=True):
        only = [line[place + 1] for place, word in enumerate(line) if word == "-protocol_whitelist"]
        assert only == ["file,pipe"] * inputs == ["file,pipe"] * line.count("-i")


@pytest.mark.parametrize("format", ["mp4", "webm"])
def test_subtitles(tmp_path, format):
    silent, told, out, back = (tmp_path / name for name in ("silent", "a.srt", "told", "back.srt"))
    write_film(frames(20), silent, Encoding(format, fps=10, preset="ultrafast"))
    told.write_text("".join(srt(["first\nline 2", "second --> x"], 1.0)), encoding="utf-8")
    join(silent, Beside(2.0, subtitles=told), format, out)
    exe = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([exe, "-loglevel", "error", "-i", str(out), str(back)], check=True)
    text = back.read_text(encoding="utf-8")
    assert "00:00:00,000 --> 00:00:01,000\nfirst\nline 2" in text and "second → x" in text
    about, pictures = read(out)
    assert len(pictures) == 20 and "Subtitle: " in about


def test_a_sound_from_later_on(tmp_path):
    """Two seconds of silence, then a tone: from second 2 on the tone is heard at once."""
    sound, silent, out = (tmp_path / name for name in ("a.wav", "silent.mp4", "out.mp4"))
    samples = np.concatenate([np.zeros(2 * RATE), sine(440, 2)])
    write_wav(sound, samples)
    write_film(frames(10), silent, Encoding(fps=10, preset="ultrafast"))
    for start, loud in ((0.0, False), (2.0, True)):
        join(silent, Beside(1.0, sound, start), "mp4", out)
        heard = read_sound(out)
        assert heard.seconds == pytest.approx(1, abs=0.1)
        assert bool(abs(heard.levels[2000:20000]).max() > 5000) is loud


def test_the_first_picture(tmp_path):
    out = tmp_path / "film.webm"
    write_film(frames(3), out, Encoding("webm"))
    assert abs(np.asarray(still(out)).mean() - 40) < 4
