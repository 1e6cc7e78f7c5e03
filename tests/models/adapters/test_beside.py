"""What adapters do to layers in few bits is what they do to the same numbers in many."""

import pytest
import torch
from torch import nn

from tests.models.adapters.makers import rand
from webui.models.adapters.patches import Joined, Patches
from webui.models.adapters.reading import Adapter
from webui.models.adapters.weights import Rows, Weights
from webui.models.packed import Packed
from webui.models.stored import StoredLinear


class Net(nn.Module):
    def __init__(self, stored: bool) -> None:
        super().__init__()
        numbers = rand(8, 6, seed=4).to(torch.float8_e4m3fn)
        self.first = nn.Linear(6, 8)
        self.first.weight.data, self.first.bias.data = numbers.float(), rand(8, seed=5)
        self.requires_grad_(False)
        if stored:
            packed = Packed(numbers.view(torch.uint8), "F8_E4M3", 6, torch.float32)
            self.first = StoredLinear(packed, self.first.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.first(x)


LORA = Weights({"down": rand(3, 6, seed=1), "up": rand(8, 3, seed=2)}, {"alpha": 1.5})
KINDS = {
    "lora": LORA,
    "with a bias": Weights({**LORA.tensors, "diff_b": rand(8)}, LORA.numbers),
    "dora": Weights({**LORA.tensors, "dora_scale": rand(8, 1).abs() + 1}, LORA.numbers),
    "ia3": Weights({"weight": rand(8)}, {"on_input": 0}),
    "full": Weights({"diff": rand(8, 6)}),
    "loha": Weights(
        {
            f"hada_w{one}_{end}": rand(*((8, 2) if end == "a" else (2, 6)), seed=one)
            for one in (1, 2)
            for end in "ab"
        }
    ),
}


def adapter(weights: Weights) -> Adapter:
    return Adapter("a", {("unet", "first"): weights})


@pytest.mark.parametrize("names", [["lora"], ["lora", "lora"], *([one] for one in KINDS), [*KINDS]])
@pytest.mark.parametrize("dyn", [None, 2])
def test_as_on_a_plain_layer_and_taken_off_to_the_bit(names, dyn):
    nets = Net(False), Net(True)
    x = rand(5, 6, seed=9)
    alone = [net(x) for net in nets]
    assert torch.equal(*alone)
    joined = [Joined(adapter(KINDS[name]), 1.0, 0.7, dyn) for name in names]
    patches = [Patches({"unet": net}) for net in nets]
    for one in patches:
        one.use(joined)
    plain, stored = (net(x) for net in nets)
    torch.testing.assert_close(stored, plain)
    assert (stored - alone[1]).abs().max() > 0.01
    for one in patches:
        one.use([])
    assert torch.equal(nets[1](x), alone[1]) and torch.equal(nets[0](x), alone[0])


def test_rows_of_a_fused_layer():
    net, x = Net(True), rand(5, 6, seed=9)
    alone = net(x)
    fused = Weights({"down": rand(2, 6), "up": rand(20, 2)})
    rows = Rows(20, ((4, 12),))
    patches = Patches({"unet": net})
    patches._pieces["unet"]["first"] = (patches._pieces["unet"]["first"][0]._replace(rows=rows),)
    patches.use([Joined(adapter(fused))])
    torch.testing.assert_close(net(x), alone + x @ fused["down"].T @ fused["up"][4:12].T)


def test_after_a_failure_none_is_joined():
    net, x = Net(True), rand(5, 6, seed=9)
    alone, patches = net(x), Patches({"unet": net})
    broken = Weights({"down": rand(3, 6), "up": rand(8, 3), "diff_b": rand(8)})
    one = adapter(broken)
    patches.match(one)
    broken.tensors["diff_b"].resize_(3)
    with pytest.raises(ValueError):
        patches.use([Joined(one)])
    assert torch.equal(net(x), alone)
