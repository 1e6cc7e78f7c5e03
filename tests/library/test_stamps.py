import os

from webui.library.stamps import stamp


def test_it_differs_when_size_or_time_does(tmp_path):
    path = tmp_path / "a"
    assert stamp(path) is None
    path.write_bytes(b"ab")
    os.utime(path, ns=(5, 7))
    assert stamp(path) == (2, 7)
    os.utime(path, ns=(5, 8))
    assert stamp(path) == (2, 8)
