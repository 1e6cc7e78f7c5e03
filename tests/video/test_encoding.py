from __future__ import annotations

from pathlib import Path

import pytest

from webui.core.film import Film
from webui.video.encoding import Encoding, command, file_url


@pytest.mark.parametrize(
    "format", sorted({*Film.model_fields["format"].annotation.__args__} - {"zip"})
)
def test_every_format_is_told_of_itself(format):
    line = command(64, 48, Encoding(format, fps=24000 / 1001, crf=20, preset="fast"), Path("out"))
    assert line[-2] == format and line[-1].startswith("file:/")
    assert line[line.index("-s") + 1] == "64x48" and line[line.index("-r") + 1] == "24000/1001"
    if format == "mp4":
        assert line[line.index("-crf") + 1] == "20" and line[line.index("-preset") + 1] == "fast"


def test_a_name_is_never_read_as_an_option_or_an_address():
    assert file_url(Path("-y")).startswith("file:/")
    assert file_url(Path("concat:a|b")).startswith("file:/")
