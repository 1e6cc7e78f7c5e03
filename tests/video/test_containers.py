import wave

import numpy as np
import pytest

from webui.video.containers import MEDIA_TYPES, container_of, container_of_file
from webui.video.encoding import Encoding
from webui.video.writing import write_film


@pytest.mark.parametrize(
    ("format", "reader"), [("mp4", "mov"), ("webm", "matroska"), ("gif", "gif")]
)
def test_films_that_we_write(tmp_path, format, reader):
    out = tmp_path / "film"
    write_film([np.zeros((16, 16, 3), np.uint8)], out, Encoding(format, preset="ultrafast"))
    assert container_of_file(out) == reader and reader in MEDIA_TYPES


@pytest.mark.parametrize(
    ("head", "reader"),
    [
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WEBPVP8 ", None),
        (b"\x47" + b"\0" * 187 + b"\x47", "mpegts"),
        (b"\x47" + b"\0" * 187 + b"\0", None),
        (b"\xff\xfb\x90\x44", "mp3"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", None),
        (b"OggS\0", "ogg"),
        (b"ffconcat version 1.0\nfile x.mp4\n", None),
        (b"", None),
        (b"\xff", None),
    ],
)
def test_by_how_a_file_begins(head, reader):
    assert container_of(head) == reader


def test_sound(tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\0\0" * 80)
    assert container_of_file(tmp_path / "a.wav") == "wav"
    assert container_of_file(tmp_path / "missing") is None
