import json
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
from webui.models.quants import NORMAL


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


def four_bits(weight: torch.Tensor, nested: bool) -> dict[str, torch.Tensor]:
    """As bitsandbytes writes them, of numbers that NF4 has."""
    table, blocks = torch.tensor(NORMAL), weight.reshape(-1, 64)
    largest = blocks.abs().amax(dim=1)
    places = ((blocks / largest[:, None])[..., None] - table).abs().argmin(dim=-1)
    halves = (places[:, ::2] * 16 + places[:, 1::2]).to(torch.uint8)
    state: dict[str, object] = {"quant_type": "nf4", "blocksize": 64, "shape": [*weight.shape]}
    more = {"absmax": largest}
    if nested:
        state |= {"nested_blocksize": 2, "nested_offset": 1.5}
        more = {
            "absmax": torch.arange(len(largest), dtype=torch.uint8),
            "nested_quant_map": (largest - 1.5) / torch.tensor([2.0, 2, 4, 4])[: len(largest)],
            "nested_absmax": torch.tensor([2.0, 4.0]),
        }
    told = torch.tensor(list(json.dumps(state).encode()), dtype=torch.uint8)
    more |= {"quant_map": table, "quant_state.bitsandbytes__nf4": told}
    return {"a.weight": halves.reshape(-1, 1), **{f"a.weight.{x}": y for x, y in more.items()}}


@pytest.mark.parametrize("nested", [False, True])
def test_4_bits_of_bitsandbytes(tmp_path, nested):
    largest = torch.tensor([[3.0], [0.5], [7.0], [1.0]])
    weight = (torch.tensor(NORMAL).repeat(4, 4) * largest).reshape(2, 128)
    path = tmp_path / "a.safetensors"
    tensors = four_bits(weight, nested)
    save_file({**tensors, "a.bias": torch.ones(2)}, path)
    torch.testing.assert_close(read(path, "a.weight"), weight)
    header = read_header(path, "a")
    with opened(path, "a", header) as file:
        packed = file.packed("a.weight", torch.bfloat16)
    assert packed is not None and packed.shape == (2, 128)
    torch.testing.assert_close(packed.plain(), weight.bfloat16())
    assert {name for name in header.shapes if not is_note(header, name)} == {"a.weight", "a.bias"}


def test_8_bits_of_bitsandbytes(tmp_path):
    numbers = torch.tensor([[127, -127, 1], [0, 64, 127]], dtype=torch.int8)
    tensors = {
        "a.weight": numbers,
        "a.SCB": torch.tensor([2.0, 0.5]),
        "a.weight_format": torch.tensor(0, dtype=torch.uint8),
        "b": numbers.clone(),
    }
    save_file(tensors, tmp_path / "a.safetensors")
    wanted = numbers.float() * torch.tensor([[2.0], [0.5]]) / 127
    torch.testing.assert_close(read(tmp_path / "a.safetensors", "a.weight"), wanted)
    header = read_header(tmp_path / "a.safetensors", "a")
    with opened(tmp_path / "a.safetensors", "a", header) as file:
        packed = file.packed("a.weight", torch.float32)
        assert file.packed("b", torch.float32) is None
    assert packed is not None
    torch.testing.assert_close(packed.plain(), wanted)
    assert {name for name in header.shapes if not is_note(header, name)} == {"a.weight", "b"}


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
