import copy

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.gguf_files import rounded, write_weights
from tests.models.memory.test_streaming import Copying
from webui.library.weights import read_header
from webui.models.loading import Part, fill, read_parts, without_weights
from webui.models.memory.placement import size_of
from webui.models.memory.streaming import plain, stream
from webui.models.packed import Packed
from webui.models.stored import StoredLinear

CPU = torch.device("cpu")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(3, 64)
        self.blocks = nn.ModuleList([nn.Linear(64, 64), nn.Linear(64, 32, bias=False)])
        self.norm = nn.LayerNorm(32)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.words(ids)
        for block in self.blocks:
            x = block(x).tanh()
        return self.norm(x)


@pytest.fixture
def weights() -> dict[str, torch.Tensor]:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return {name: torch.randn_like(value) for name, value in Net().state_dict().items()}


def filled(tensors) -> Net:
    with without_weights():
        network = Net()
    fill(network, tensors, "x")
    return network


def read(path, dtype=torch.float32):
    return dict(read_parts({"a": Part(path, "a", "", dtype, True)}, CPU, lambda *at: None))["a"]


IDS = torch.tensor([[0, 2, 1]])


def test_layers_stay_as_the_file_has_them(tmp_path, weights):
    stored = filled(read(write_weights(tmp_path / "a.gguf", weights)))
    dense = filled({name: rounded(value) for name, value in weights.items()})
    assert [type(one) for one in stored.blocks] == [StoredLinear, StoredLinear]
    assert torch.equal(stored(IDS), dense(IDS))
    header = read_header(tmp_path / "a.gguf", "a")
    assert stored.blocks[1].stored.nbytes == header.sizes["blocks.1.weight"] == 32 * 64 * 34 // 32
    assert size_of(stored.blocks) < size_of(dense.blocks) / 3


@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.float8_e5m2])
@pytest.mark.parametrize("factor", [None, torch.tensor(0.25), torch.rand(64) + 0.5])
def test_numbers_in_8_bits_with_a_factor_or_without(tmp_path, weights, kind, factor):
    weights["blocks.0.weight"] = weights["blocks.0.weight"].to(kind)
    more = {} if factor is None else {"blocks.0.scale_weight": factor}
    save_file({**weights, **more}, tmp_path / "a.safetensors")
    stored = filled(read(tmp_path / "a.safetensors"))
    value = weights["blocks.0.weight"].float()
    value = value if factor is None else value * factor.reshape(-1, 1)
    dense = filled({**weights, "blocks.0.weight": value})
    assert type(stored.blocks[0]) is StoredLinear and type(stored.blocks[1]) is nn.Linear
    assert torch.equal(stored(IDS), dense(IDS))


@pytest.mark.parametrize(
    ("storage", "bytes", "lost"), [("fp8", 4096, 0.07), ("8bit", 4352, 0.02), ("4bit", 2304, 0.3)]
)
def test_what_a_card_wants_smaller(weights, storage, bytes, lost):
    class Blocks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(64, 64)
            self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(64, 64))])

    value = weights["blocks.0.weight"]
    tensors = {name: value for name in ("first.weight", "blocks.0.0.weight")}
    tensors |= {name: torch.zeros(64) for name in ("first.bias", "blocks.0.0.bias")}
    with without_weights():
        network = Blocks()
    fill(network, tensors, "x", storage)
    layer = network.blocks[0][0]
    assert type(network.first) is nn.Linear and isinstance(layer, StoredLinear)
    assert layer.stored.nbytes == bytes
    assert 0 < (layer.plain() - value).abs().max() / value.abs().max() < lost


def test_other_precisions_and_their_traces(tmp_path, weights):
    path = write_weights(tmp_path / "a.gguf", weights)
    layer = filled(read(path, torch.bfloat16)).blocks[0]
    assert layer.weight.dtype == torch.bfloat16 and layer.weight.is_meta
    assert layer.weight.shape == (64, 64)
    x = torch.randn(2, 64).bfloat16()
    assert layer(x).dtype == torch.bfloat16
    for one in (*layer.parameters(), *layer.buffers()):  # as the processor has it
        one.data = one.data.float() if one.dtype == torch.bfloat16 else one.data
    assert layer.weight.dtype == layer(x.float()).dtype == torch.float32


def test_it_streams_like_any_layer(tmp_path, weights):
    network = filled(read(write_weights(tmp_path / "a.gguf", weights)))
    wanted = network(IDS)
    assert plain(network)
    carrier = Copying()
    undo = stream(network, carrier)
    assert torch.equal(network(IDS), wanted) and carrier.fetched
    undo()
    assert torch.equal(network(IDS), wanted)


def test_what_is_added_and_taken_off():
    numbers = torch.randn(4, 6).to(torch.float8_e4m3fn)
    layer = StoredLinear(Packed(numbers.view(torch.uint8), "F8_E4M3", 6, torch.float32), None)
    before, x = copy.deepcopy(layer.state_dict()), torch.randn(3, 6)
    alone, down, up = layer(x), torch.randn(2, 6), torch.randn(4, 2)
    layer.add(down, up)
    torch.testing.assert_close(layer(x), x @ (numbers.float() + up @ down).T)
    layer.change(lambda weight: weight * 2)
    torch.testing.assert_close(layer(x), 2 * alone)
    layer.clear()
    assert torch.equal(layer(x), alone)
    assert layer.state_dict().keys() == before.keys()


def test_a_table_by_two_names_is_decoded_once(tmp_path, weights):
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Embedding(3, 64), nn.Embedding(3, 64)

    table = read(write_weights(tmp_path / "a.gguf", {"a": weights["words.weight"]}))["a"]
    assert isinstance(table, Packed)
    with without_weights():
        network = Twice()
    fill(network, {"a.weight": table, "b.weight": table}, "x")
    assert network.a.weight.data_ptr() == network.b.weight.data_ptr()
    assert torch.equal(network.a.weight, rounded(weights["words.weight"]))
