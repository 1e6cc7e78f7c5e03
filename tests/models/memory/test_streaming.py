import copy

import pytest
import torch
from diffusers import UNet2DConditionModel
from torch import nn

from tests.tiny import UNETS
from tests.tiny_flows import long_encoder
from webui.models.memory.carrying import Carrier, Packet
from webui.models.memory.streaming import STORED, layer_groups, plain, store_in_8_bits, stream

CPU = torch.device("cpu")


class Copying(Carrier):
    """Stands for a device: what is fetched is other memory than the original, and there is only
    so much room for it at a time."""

    def __init__(self, beside: bool = False) -> None:
        super().__init__(CPU)
        self._beside = beside
        self.fetched = 0
        self.full = False

    @property
    def beside(self) -> bool:
        return self._beside

    def pack(self, tensors):
        return Packet.of(tensors)

    def fetch(self, packet):
        if self.full:
            raise torch.OutOfMemoryError("the device is full")
        self.fetched += 1
        return packet.bytes.clone()


class Watched:
    """How many bytes of a network are away from where they rest."""

    def __init__(self, network: nn.Module) -> None:
        self._all = list(dict.fromkeys([*network.parameters(), *network.buffers()]))
        self._rest = [one.data_ptr() for one in self._all]
        self.most = 0
        for module in network.modules():
            if not list(module.children()):
                module.register_forward_hook(self._look)

    @property
    def away(self) -> int:
        pairs = zip(self._all, self._rest, strict=True)
        return sum(one.nbytes for one, rest in pairs if one.data_ptr() != rest)

    def _look(self, *given) -> None:
        self.most = max(self.most, self.away)


@pytest.fixture(scope="module")
def unet() -> UNet2DConditionModel:
    torch.manual_seed(0)
    return UNet2DConditionModel(
        sample_size=8, block_out_channels=(32, 64), layers_per_block=1, **UNETS["sd1"]
    ).eval()


def draw(unet, dtype=torch.float32) -> torch.Tensor:
    torch.manual_seed(1)
    x, words = torch.randn(2, 4, 8, 8, dtype=dtype), torch.randn(2, 77, 32, dtype=dtype)
    with torch.inference_mode():
        return unet(x, torch.tensor(500), words).sample


@pytest.mark.parametrize("beside", [False, True])
def test_a_streamed_network_gives_the_same_to_the_bit_and_is_never_there_as_a_whole(unet, beside):
    expected = draw(unet)
    streamed = copy.deepcopy(unet)
    carrier = Copying(beside)
    whole = sum(one.nbytes for one in streamed.parameters())
    remove = stream(streamed, carrier, limit=whole // 8)
    watched = Watched(streamed)
    for _ in range(3):
        assert torch.equal(draw(streamed), expected)
        assert watched.away == 0, "all is back after a call"
    assert 0 < watched.most < whole / 3
    before = carrier.fetched
    remove()
    assert torch.equal(draw(streamed), expected)
    assert carrier.fetched == before, "no hooks are left"


def test_what_a_lora_changes_between_calls_is_what_comes(unet):
    streamed = copy.deepcopy(unet)
    stream(streamed, Copying(), limit=1)
    first = draw(streamed)
    weight = streamed.conv_in.weight
    kept = weight.detach().clone()
    with torch.no_grad():
        weight.add_(0.1)
    changed = copy.deepcopy(unet)
    with torch.no_grad():
        changed.conv_in.weight.add_(0.1)
    assert torch.equal(draw(streamed), draw(changed))
    with torch.no_grad():
        weight.copy_(kept)
    assert torch.equal(draw(streamed), first)


def test_a_call_that_fails_leaves_the_weights_where_they_rest(unet):
    streamed = copy.deepcopy(unet)
    carrier = Copying()
    stream(streamed, carrier, limit=1)
    watched = Watched(streamed)
    expected = draw(streamed)

    def fail(*given) -> None:
        carrier.full = True

    handle = streamed.mid_block.register_forward_pre_hook(fail)
    with pytest.raises(torch.OutOfMemoryError):
        draw(streamed)
    handle.remove()
    carrier.full = False
    assert watched.away == 0
    assert torch.equal(draw(streamed), expected)


def test_a_full_device_does_not_fail_what_is_only_fetched_early(unet):
    streamed = copy.deepcopy(unet)
    carrier = Copying(beside=True)
    stream(streamed, carrier, limit=1)
    expected = draw(streamed)
    original = carrier.fetch
    early: list[bool] = []

    def fetch(packet):
        early.append(True)
        if len(early) % 2 == 0:
            raise torch.OutOfMemoryError
        return original(packet)

    carrier.fetch = fetch
    try:
        assert torch.equal(draw(streamed), expected)
    except torch.OutOfMemoryError:
        pytest.fail("what was fetched early is fetched again when it is needed")


def test_every_weight_is_in_one_group_and_shared_ones_come_with_the_whole():
    network = long_encoder().eval()
    assert network.shared.weight is network.encoder.embed_tokens.weight
    groups = list(layer_groups(network, limit=1))
    found = [id(one) for _, tensors in groups for one in tensors]
    assert sorted(found) == sorted({id(one) for one in network.parameters()})
    assert groups[-1][0] is network and groups[-1][1][0] is network.shared.weight
    with torch.inference_mode():
        ids = torch.tensor([[3, 4, 1]])
        expected = network(input_ids=ids).last_hidden_state
        stream(network, Copying(), limit=1)
        assert torch.equal(network(input_ids=ids).last_hidden_state, expected)


def test_8_bits_halve_what_large_layers_take_and_the_network_still_works(unet):
    half = copy.deepcopy(unet).to(torch.bfloat16)
    expected, before = (
        draw(half, torch.bfloat16).float(),
        sum(one.nbytes for one in half.parameters()),
    )
    remove = store_in_8_bits(half, torch.bfloat16, CPU)
    kinds = {name: one.dtype for name, one in half.named_parameters()}
    assert kinds["mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight"] == STORED
    assert kinds["mid_block.resnets.0.norm1.weight"] == torch.bfloat16
    assert sum(one.nbytes for one in half.parameters()) < before * 0.55
    got = draw(half, torch.bfloat16).float()
    assert 0 < (got - expected).abs().mean() < 0.15 * expected.abs().mean()
    assert {name: one.dtype for name, one in half.named_parameters()} == kinds
    remove()
    assert plain(half)
