import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from webui.core.errors import UserError
from webui.models.loading import Part, fill, read_parts, read_whole, without_weights

CPU = torch.device("cpu")


@pytest.fixture
def path(tmp_path) -> Path:
    tensors = {
        "a.weight": torch.arange(6.0).view(2, 3).half(),
        "a.bias": torch.ones(2).half(),
        "b.weight": torch.ones(4),
        "b.position_ids": torch.ones(4, dtype=torch.int64),
    }
    save_file(tensors, tmp_path / "x.safetensors")
    return tmp_path / "x.safetensors"


def parts(path: Path) -> dict[str, Part]:
    return {
        "one": Part(path, path.name, "a.", torch.float32),
        "two": Part(path, path.name, "b.", torch.bfloat16),
    }


def ignore(done: int, total: int) -> None:
    pass


def test_parts_are_read_in_their_precision(path):
    read = dict(read_parts(parts(path), CPU, ignore))
    assert read["one"].keys() == {"a.weight", "a.bias"}
    assert torch.equal(read["one"]["a.weight"], torch.arange(6.0).view(2, 3))
    assert read["one"]["a.weight"].dtype == torch.float32
    assert read["two"]["b.weight"].dtype == torch.bfloat16
    assert "b.position_ids" not in read["two"]


def test_progress_counts_bytes(path):
    told: list[tuple[int, int]] = []
    dict(read_parts(parts(path), CPU, lambda *at: told.append(at)))
    assert told == [(4, 32), (4 + 12, 32), (4 + 12 + 16, 32)], "a.bias, a.weight, b.weight"


def test_progress_may_stop_it(path):
    def stop(done: int, total: int) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        next(read_parts(parts(path), CPU, stop))


def test_weights_do_not_hang_on_the_file(path):
    which = {"one": Part(path, path.name, "a.", torch.float16)}
    tensors = dict(read_parts(which, CPU, ignore))["one"]
    with path.open("r+b") as file:
        file.write(b"\0" * path.stat().st_size)
    assert tensors["a.weight"].sum() == 15


def test_a_part_in_several_files_is_given_whole(path, tmp_path):
    save_file({"a.more": torch.ones(1)}, tmp_path / "y.safetensors")
    more = Part(tmp_path / "y.safetensors", "y", "a.", torch.float32)
    one, two = parts(path).values()
    read = list(read_whole({"one": [one, more], "two": [two]}, CPU, ignore))
    assert [part for part, _ in read] == ["one", "two"]
    assert read[0][1].keys() == {"a.weight", "a.bias", "a.more"}
    assert read[1][1].keys() == {"b.weight"}


def test_a_file_cut_off_since_it_was_listed(path):
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(UserError, match=r"x\.safetensors is cut off"):
        list(read_parts(parts(path), CPU, ignore))


def test_no_hub_is_asked():
    """Set before any of the libraries is imported, whoever starts the process."""
    ask = "import webui.models, huggingface_hub.constants as c; print(c.HF_HUB_OFFLINE)"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", ask], env=clean, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"


def linear() -> torch.nn.Linear:
    with without_weights():
        return torch.nn.Linear(3, 2)


def test_a_network_is_filled():
    network = linear()
    assert network.weight.is_meta
    weight = torch.rand(2, 3)
    fill(network, {"weight": weight, "bias": torch.zeros(2)}, "x")
    assert torch.equal(network(torch.eye(3)), weight.T)
    assert not network.training and not network.weight.requires_grad


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"bias": None}, "x does not fit .* 1 weights are missing, the first is bias"),
        ({"more": torch.ones(1)}, "it has 1 weights too many, the first is more"),
        ({"weight": torch.ones(3, 3)}, "1 weights have another size, the first is weight"),
    ],
)
def test_weights_that_do_not_fit(changes, sentence):
    given = {"weight": torch.ones(2, 3), "bias": torch.ones(2), **changes}
    tensors = {name: tensor for name, tensor in given.items() if tensor is not None}
    with pytest.raises(UserError, match=sentence):
        fill(linear(), tensors, "x")
