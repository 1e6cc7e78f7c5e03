import json
import struct

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from webui.core.errors import UserError
from webui.library.weights import read_header
from webui.models.merging.writing import TYPES, Planned, write_weights


def planned(name, tensor, dtype=None):
    return Planned(name, tuple(tensor.shape), dtype or tensor.dtype, lambda: tensor)


def write(path, tensors, metadata=None, dtype=None):
    told = []
    write_weights(
        path,
        [planned(name, one, dtype) for name, one in tensors.items()],
        metadata or {},
        told.append,
    )
    return told


def test_the_library_reads_every_type_and_shape_back(tmp_path):
    tensors = {
        f"{name}.{shape}": torch.arange(max(1, torch.Size(shape).numel())).reshape(shape).to(dtype)
        for name, dtype in TYPES.items()
        for shape in ((), (3,), (2, 3), (1, 2, 2, 2))
    }
    tensors["turned"] = torch.arange(6.0).reshape(2, 3).T
    tensors["ąż 🐈"] = torch.zeros(0, 4)
    file = tmp_path / "a.safetensors"
    told = write(file, tensors, {"format": "pt", "words": "ąż"})
    found = load_file(file)
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype and found[name].shape == tensor.shape
        assert torch.equal(found[name].float(), tensor.float())
    with safe_open(file, framework="pt") as opened:
        assert opened.metadata() == {"format": "pt", "words": "ąż"}
    assert sum(told) == sum(read_header(file, "a").sizes.values())


def test_it_is_the_file_that_the_library_would_write(tmp_path):
    tensors = {"b": torch.ones(3).half(), "a": torch.ones(2, 2), "c": torch.ones(5).half()}
    write(tmp_path / "ours.safetensors", tensors, {"format": "pt"})
    save_file(tensors, tmp_path / "theirs.safetensors", {"format": "pt"})

    def parts(path):
        data = path.read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        assert length % 8 == 0
        return json.loads(data[8 : 8 + length]), data[8 + length :]

    assert parts(tmp_path / "ours.safetensors") == parts(tmp_path / "theirs.safetensors")


def test_numbers_become_another_type_rounded_once(tmp_path):
    exact = torch.tensor([1 / 3, 1e-3, 65504.0])
    write(tmp_path / "a.safetensors", {"a": exact}, dtype=torch.float16)
    assert torch.equal(load_file(tmp_path / "a.safetensors")["a"], exact.half())


@pytest.mark.parametrize(
    ("number", "dtype", "code"),
    [
        (float("nan"), torch.float32, "merge_not_finite"),
        (float("-inf"), torch.bfloat16, "merge_not_finite"),
        (float("nan"), torch.float8_e4m3fn, "merge_not_finite"),
        (70000.0, torch.float16, "merge_overflow"),
    ],
)
def test_what_is_no_number_is_reported_with_the_file_that_it_is_from(tmp_path, number, dtype, code):
    good, bad = torch.ones(2), torch.tensor([1.0, number])
    parts = (("good.ckpt", lambda: good), ("bad.ckpt", lambda: bad))
    weight = Planned("some.weight", (2,), dtype, lambda: good * bad, parts)
    with pytest.raises(UserError, match="some.weight") as caught:
        write_weights(tmp_path / "a.safetensors", [weight], {}, lambda _: None)
    assert caught.value.problem.code == code
    assert caught.value.problem.values.get("file", "bad.ckpt") == "bad.ckpt"


def test_no_more_than_one_tensor_is_held(tmp_path):
    """Each is made when it is its turn, and gone when the next one is made."""
    import weakref

    alive: list[weakref.ref] = []

    def make():
        assert not any(one() is not None for one in alive)
        tensor = torch.ones(1000)
        alive.append(weakref.ref(tensor))
        return tensor

    weights = [Planned(f"w{number}", (1000,), torch.float32, make) for number in range(20)]
    write_weights(tmp_path / "a.safetensors", weights, {}, lambda _: None)
    assert len(alive) == 20


def test_a_file_is_never_overwritten(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write(tmp_path / "a.safetensors", {"a": torch.ones(1)})
    assert (tmp_path / "a.safetensors").read_bytes() == b"mine"
