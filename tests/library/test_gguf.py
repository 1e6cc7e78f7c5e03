import struct

import pytest

from tests.gguf_files import F16, F32, Q8_0, pair, text, whole_numbers, write
from webui.core.errors import UserError
from webui.library.gguf import read_gguf

NUMBERS = text("a.list") + struct.pack("<IIQ3f", 9, 6, 3, 1.0, 2.0, 3.0)
WORDS = text("a.words") + struct.pack("<IIQ", 9, 8, 2) + text("x") + text("yz")
FLAG = text("a.flag") + struct.pack("<I?", 7, True)
WIDE = text("general.alignment") + struct.pack("<II", 4, 256)
A = {"double_blocks.0.a": ((2, 32), Q8_0, bytes(68)), "img_in.bias": ((2,), F32, b"12345678")}


def test_what_the_head_tells(tmp_path):
    pairs = [NUMBERS, pair("general.architecture", "flux"), WORDS, FLAG]
    pairs.append(pair("general.name", "Żółw"))
    path = write(tmp_path / "a.gguf", A, pairs)
    read = read_gguf(path, "a.gguf")
    assert (read.architecture, read.title) == ("flux", "Żółw")
    assert read.header.shapes == {"double_blocks.0.a": (2, 32), "img_in.bias": (2,)}
    assert read.header.sizes == {"double_blocks.0.a": 68, "img_in.bias": 8}
    assert read.header.types == {"double_blocks.0.a": "Q8_0", "img_in.bias": "F32"}
    assert read.header.dtype == "Q8_0"
    begin = read.header.offsets["img_in.bias"]
    assert path.read_bytes()[begin : begin + 8] == b"12345678"


def test_tensors_begin_where_the_file_aligns_them(tmp_path):
    path = write(tmp_path / "a.gguf", {"a": ((2,), F32, b"12345678")}, [WIDE])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 32] + bytes(300))
    assert read_gguf(path, "a").header.offsets["a"] == 256


def test_sides_that_were_changed_for_the_blocks(tmp_path):
    tensors = {"a": ((4, 32), F16, bytes(256))}
    former = whole_numbers("comfy.gguf.orig_shape.a", (2, 16, 2, 2))
    read = read_gguf(write(tmp_path / "a.gguf", tensors, [former]), "a")
    assert read.header.shapes == {"a": (2, 16, 2, 2)}
    wrong = whole_numbers("comfy.gguf.orig_shape.a", (2, 16, 2, 3))
    with pytest.raises(UserError, match="damaged"):
        read_gguf(write(tmp_path / "a.gguf", tensors, [wrong]), "a")


def test_cut_off_in_the_head(tmp_path):
    pairs = [NUMBERS, pair("general.architecture", "flux")]
    path = write(tmp_path / "a.gguf", A, pairs)
    data = path.read_bytes()
    begin = read_gguf(path, "a").header.offsets["double_blocks.0.a"]
    for length in range(begin - 32):
        path.write_bytes(data[:length])
        with pytest.raises(UserError, match=r"a\.gguf is damaged"):
            read_gguf(path, "a.gguf")


def test_cut_off_in_the_numbers(tmp_path):
    path = write(tmp_path / "a.gguf", A)
    data, begin = path.read_bytes(), read_gguf(path, "a").header.offsets["img_in.bias"]
    path.write_bytes(data[: begin + 8])
    read_gguf(path, "a.gguf")
    for length in (begin + 7, begin - 40):
        path.write_bytes(data[:length])
        with pytest.raises(UserError, match=rf"a\.gguf is cut off, it has {length} of {begin + 8}"):
            read_gguf(path, "a.gguf")


def test_a_type_that_nobody_knows_is_named(tmp_path):
    header = read_gguf(write(tmp_path / "a.gguf", {"a": ((2,), 77, b"")}), "a").header
    assert (header.types, header.sizes) == ({"a": "type 77"}, {"a": 0})


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
        b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + text("a") + struct.pack("<IQIQ", 1, 33, Q8_0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + text("a") + struct.pack("<IIQ", 0, Q8_0, 0),
    ],
)
def test_nonsense(tmp_path, data):
    (tmp_path / "a.gguf").write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        read_gguf(tmp_path / "a.gguf", "a.gguf")


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_gguf(tmp_path / "absent.gguf", "absent.gguf")
