import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.gguf_files import rounded, write_weights
from webui.core.errors import UserError
from webui.library.header import Header
from webui.library.weights import read_header
from webui.models.numbers import is_note, opened


def read(path: Path, name: str) -> torch.Tensor:
    header = read_header(path, path.name)
    with opened(path, path.name, header) as file:
        return file.tensor(name)


def test_either_format(tmp_path):
    value = torch.randn(4, 64)
    save_file({"a": value, "b": torch.ones(3).bfloat16()}, tmp_path / "a.safetensors")
    write_weights(tmp_path / "a.gguf", {"b": torch.ones(3), "a": value})
    assert torch.equal(read(tmp_path / "a.safetensors", "a"), value)
    assert torch.equal(read(tmp_path / "a.safetensors", "b"), torch.ones(3).bfloat16())
    assert torch.equal(read(tmp_path / "a.gguf", "a"), rounded(value))


def test_numbers_that_do_not_lie_row_after_row(tmp_path):
    (tmp_path / "a").write_bytes(b"skip" + struct.pack("<6f", *range(6)))
    tables = {"types": {"a": "F32"}, "offsets": {"a": 4}, "strides": {"a": (1, 2)}}
    header = Header({"a": (2, 3)}, {"a": 24}, {}, **tables)
    with opened(tmp_path / "a", "a", header) as file:
        assert file.tensor("a").tolist() == [[0, 2, 4], [1, 3, 5]]


@pytest.mark.parametrize("end", ["scale_weight", "weight_scale"])
@pytest.mark.parametrize("scale", [torch.tensor(0.5), torch.tensor([[0.5], [4.0]])])
def test_a_scale_beside_numbers_in_8_bits(tmp_path, end, scale):
    value = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
    tensors = {
        "a.weight": value.to(torch.float8_e4m3fn),
        f"a.{end}": scale,
        "a.scale_input": torch.tensor(1.0),
        "scaled_fp8": torch.zeros(2).to(torch.float8_e4m3fn),
        "b.weight": value,
        "b.scale_weight": torch.tensor(3.0),
    }
    save_file(tensors, tmp_path / "a.safetensors")
    assert torch.equal(read(tmp_path / "a.safetensors", "a.weight"), value * scale)
    assert torch.equal(read(tmp_path / "a.safetensors", "b.weight"), value)
    header = read_header(tmp_path / "a.safetensors", "a")
    notes = {name for name in tensors if is_note(header, name)}
    assert notes == {f"a.{end}", "a.scale_input", "scaled_fp8"}


def test_a_scale_of_another_size(tmp_path):
    tensors = {"a.weight": torch.ones(2, 3).to(torch.float8_e5m2), "a.scale_weight": torch.ones(3)}
    save_file(tensors, tmp_path / "a.safetensors")
    with pytest.raises(UserError, match="damaged"):
        read(tmp_path / "a.safetensors", "a.weight")


def test_a_file_that_became_shorter_or_went(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"a": torch.ones(4)}, path)
    header, size = read_header(path, "a"), path.stat().st_size
    path.write_bytes(path.read_bytes()[:-3])
    with opened(path, "a", header) as file, pytest.raises(UserError, match=f"{size - 3} of {size}"):
        file.tensor("a")
    path.unlink()
    with pytest.raises(UserError, match="cannot be read"), opened(path, "a", header):
        pass
