import pytest
import torch
from safetensors.torch import save_file

from webui.core.errors import UserError
from webui.models.tensors import read_notes, read_pickled, read_some


def test_some_tensors_of_a_file(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"a": torch.ones(2), "b": torch.zeros(3)}, path, {"said": "so"})
    read = read_some(path, ["b"])
    assert list(read) == ["b"] and torch.equal(read["b"], torch.zeros(3))
    assert read_notes(path) == {"said": "so"}
    path.write_bytes(b"\xff" * 40)
    with pytest.raises(UserError, match="a.safetensors"):
        read_some(path, ["b"])


def test_what_torch_wrote(tmp_path):
    path = tmp_path / "a.pt"
    torch.save({"a": torch.ones(2), "step": 3}, path)
    assert read_pickled(path)["step"] == 3 and read_notes(path) == {}
    torch.save([1, 2], path)
    assert read_pickled(path) == {}
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UserError, match="a.pt"):
        read_pickled(path)
    with pytest.raises(UserError, match="gone.pt"):
        read_pickled(tmp_path / "gone.pt")
