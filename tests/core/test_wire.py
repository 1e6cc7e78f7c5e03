import io

import pytest

from webui.core.events import Progress
from webui.core.requests import Txt2Img
from webui.core.wire import (
    COMMAND,
    LONGEST_LINE,
    REPORT,
    BrokenFrame,
    Made,
    News,
    Run,
    read_frame,
    write_frame,
)


def test_frames_carry_messages_and_bytes_in_order():
    stream = io.BytesIO()
    run = Run(job="j", token=3, request=Txt2Img(prompt="zażółć\ngęślą"), done=(1, 2))
    made = Made(token=3, index=0, width=8, height=8, seed=1, seconds=0.5, infotext="a\nb")
    news = News(token=3, progress=Progress(job="j", phase="sampling", eta=1.5))
    write_frame(stream, run)
    write_frame(stream, made, b"\x00\n{data")
    write_frame(stream, news)
    stream.seek(0)
    frames = [read_frame(stream) for _ in range(4)]
    assert frames[3] is None
    first, second, third = (frame for frame in frames if frame)
    assert COMMAND.validate_python(first[0]) == run
    assert (REPORT.validate_python(second[0]), second[1]) == (made, b"\x00\n{data")
    assert REPORT.validate_python(third[0]) == news


def test_a_cut_off_frame_is_the_end():
    stream = io.BytesIO()
    write_frame(stream, Run(job="j", token=1, request=Txt2Img(prompt="x")), b"12345")
    whole = stream.getvalue()
    for length in (len(whole) - 1, len(whole) - 6, 10, 0):
        assert read_frame(io.BytesIO(whole[:length])) is None


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\n",
        b"[]\n",
        b'{"message": 1}\n',
        b'{"message": 1, "bytes": -1}\n',
        b'{"message": 1, "bytes": 1e300}\n',
        b'{"message": 1, "bytes": "x"}\n',
        b'{"message": 1, "bytes": Infinity}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b"x" * (LONGEST_LINE + 1),
    ],
)
def test_garbage_is_no_frame(garbage: bytes):
    with pytest.raises(BrokenFrame):
        read_frame(io.BytesIO(garbage))
