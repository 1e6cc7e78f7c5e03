"""The algorithms against peft's."""

import pytest
import torch

from webui.models.adapters.algorithms import change
from webui.models.adapters.names import read_name
from webui.models.adapters.weights import Weights

peft = pytest.importorskip("peft", reason="compares with peft where it is installed")


def of_peft(kind: str, layer: torch.nn.Module, **options):
    """peft's own change of a layer's weight, and its tensors."""
    config = getattr(peft, f"{kind}Config")(target_modules=["0"], init_weights=False, **options)
    model = peft.get_peft_model(torch.nn.Sequential(layer), config)
    before = model.base_model.model[0].base_layer.weight.detach().clone()
    tensors = {}
    for name, tensor in peft.get_peft_model_state_dict(model).items():
        found = read_name(name.replace("base_model.model.0", "unet.0"))
        assert found, name
        tensors[found.kind] = tensor.detach()
    merged = model.merge_and_unload()[0].weight.detach()
    return before, merged - before, tensors


@pytest.mark.parametrize(
    "layer",
    [
        torch.nn.Linear(8, 6),
        torch.nn.Conv2d(8, 6, 3),
        torch.nn.Conv2d(8, 6, 1),
    ],
)
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("LoHa", {"r": 2, "alpha": 3}),
        ("LoHa", {"r": 2, "alpha": 3, "use_effective_conv2d": True}),
        ("LoKr", {"r": 1, "alpha": 3, "decompose_both": True}),
        ("LoKr", {"r": 1, "alpha": 3, "use_effective_conv2d": True}),
        ("LoKr", {"r": 99, "alpha": 3}),
    ],
)
def test_what_peft_makes_of_lycoris(kind, options, layer):
    original, expected, tensors = of_peft(kind, layer, **options)
    numbers = {"alpha": 3.0}
    made = change(Weights(tensors, numbers), original)
    whole = kind == "LoKr" and {"lokr_w1", "lokr_w2"} <= set(tensors)
    # peft divides by its rank also where both factors are whole; LyCORIS and A1111 do not
    torch.testing.assert_close(made * (3 / options["r"] if whole else 1), expected)


@pytest.mark.parametrize("layer", [torch.nn.Linear(8, 6), torch.nn.Conv2d(8, 6, 3)])
def test_what_peft_makes_of_dora(layer):
    config = peft.LoraConfig(
        target_modules=["0"], r=2, lora_alpha=3, use_dora=True, init_lora_weights=False
    )
    model = peft.get_peft_model(torch.nn.Sequential(layer), config)
    inner = model.base_model.model[0]
    original = inner.base_layer.weight.detach().clone()
    magnitude = inner.lora_magnitude_vector["default"].weight
    magnitude.data += 0.1
    tensors = {
        "down": inner.lora_A["default"].weight.detach(),
        "up": inner.lora_B["default"].weight.detach(),
        "magnitude": magnitude.detach().clone(),
    }
    merged = model.merge_and_unload()[0].weight.detach()
    torch.testing.assert_close(change(Weights(tensors, {"alpha": 3}), original), merged - original)
