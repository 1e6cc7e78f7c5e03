from tests.checkpoints import write_weights
from webui.library.safe import read_safe


def test_types_and_places(tmp_path):
    path = write_weights(tmp_path / "a.safetensors", {"a": (2, 3), "b": (4,)}, fill=1)
    header = read_safe(path, "a")
    assert header.types == {"a": "F16", "b": "F16"}
    data = path.read_bytes()
    for name, size in {"a": 12, "b": 8}.items():
        begin = header.offsets[name]
        assert data[begin : begin + size] == b"\x00\x3c" * (size // 2)
