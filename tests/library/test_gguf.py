import struct
from pathlib import Path

import pytest

from webui.core.errors import UserError
from webui.library.gguf import read_gguf


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(name: str, value: str) -> bytes:
    return text(name) + struct.pack("<I", 8) + text(value)


def tensor(name: str, sides: tuple[int, ...], kind: int) -> bytes:
    shape = struct.pack(f"<I{len(sides)}Q", len(sides), *sides)
    return text(name) + shape + struct.pack("<IQ", kind, 0)


def write(path: Path, tensors: list[bytes], pairs: list[bytes]) -> Path:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
    path.write_bytes(head + b"".join(pairs) + b"".join(tensors))
    return path


NUMBERS = text("a.list") + struct.pack("<IIQ3f", 9, 6, 3, 1.0, 2.0, 3.0)
WORDS = text("a.words") + struct.pack("<IIQ", 9, 8, 2) + text("x") + text("yz")
FLAG = text("a.flag") + struct.pack("<I?", 7, True)


def test_what_the_head_tells(tmp_path):
    pairs = [NUMBERS, pair("general.architecture", "flux"), WORDS, FLAG]
    pairs.append(pair("general.name", "Żółw"))
    tensors = [tensor("double_blocks.0.a", (4, 2), 8), tensor("img_in.bias", (2,), 0)]
    read = read_gguf(write(tmp_path / "a.gguf", tensors, pairs), "a.gguf")
    assert (read.architecture, read.title) == ("flux", "Żółw")
    assert read.header.shapes == {"double_blocks.0.a": (2, 4), "img_in.bias": (2,)}
    assert read.header.dtype == "Q8_0"


def test_cut_off_anywhere(tmp_path):
    pairs = [NUMBERS, pair("general.architecture", "flux")]
    path = write(tmp_path / "a.gguf", [tensor("a", (4, 2), 8)], pairs)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(UserError, match=r"a\.gguf is damaged"):
            read_gguf(path, "a.gguf")


@pytest.mark.parametrize(
    "data",
    [
        b"GGML" + bytes(100),
        b"GGUF" + struct.pack("<IQQ", 99, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 10**12, 0),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 10**12),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("a") + struct.pack("<I", 77),
        b"GGUF"
        + struct.pack("<IQQ", 3, 0, 1)
        + text("a")
        + struct.pack("<I", 9)
        + struct.pack("<IQ", 9, 1) * 5000,
    ],
)
def test_nonsense(tmp_path, data):
    (tmp_path / "a.gguf").write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        read_gguf(tmp_path / "a.gguf", "a.gguf")


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_gguf(tmp_path / "absent.gguf", "absent.gguf")
