import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from webui.core.errors import UserError
from webui.library.weights import read_header

STATE = {"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [4, 64]}


def write(path: Path, state: object = STATE, **more: torch.Tensor) -> Path:
    text = state if isinstance(state, bytes) else json.dumps(state).encode()
    tensors = {
        "a.weight": torch.zeros(128, 1, dtype=torch.uint8),
        "a.weight.absmax": torch.ones(4),
        "a.weight.quant_map": torch.zeros(16),
        "a.weight.quant_state.bitsandbytes__nf4": torch.tensor(list(text), dtype=torch.uint8),
        "a.bias": torch.zeros(4),
        **more,
    }
    save_file(tensors, path)
    return path


def test_shapes_and_types_are_those_of_the_weights(tmp_path):
    header = read_header(write(tmp_path / "a.safetensors"), "a")
    assert header.shapes["a.weight"] == (4, 64)
    assert (header.types["a.weight"], header.sizes["a.weight"]) == ("NF4", 128)
    assert header.shapes["a.bias"] == (4,)


def test_other_ways_of_4_bits_are_named(tmp_path):
    header = read_header(write(tmp_path / "a.safetensors", {**STATE, "quant_type": "fp4"}), "a")
    assert header.types["a.weight"] == "fp4/64 (bitsandbytes)"


@pytest.mark.parametrize(
    ("state", "more"),
    [
        (b"{", {}),
        ({**STATE, "shape": [4, 65]}, {}),
        ({**STATE, "shape": [2, 32]}, {}),
        ({**STATE, "blocksize": 0}, {}),
        (STATE, {"b.weight.quant_state.bitsandbytes__nf4": torch.zeros(2, dtype=torch.uint8)}),
        (STATE, {"a.weight.absmax": torch.zeros(4, dtype=torch.uint8)}),
    ],
)
def test_states_that_do_not_fit(tmp_path, state, more):
    with pytest.raises(UserError, match="a is damaged"):
        read_header(write(tmp_path / "a.safetensors", state, **more), "a")
