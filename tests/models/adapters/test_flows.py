"""Adapters of models that are rectified flows over a transformer, by diffusers' names."""

import pytest
import torch

from tests.models.adapters.makers import rand, same, write
from tests.tiny_flows import info_of, write_flux, write_sd3
from webui.models.adapters.patches import Joined
from webui.models.adapters.reading import read_adapter
from webui.models.families import FAMILIES


@pytest.mark.parametrize(("family", "made"), [("sd3", write_sd3), ("flux", write_flux)])
def test_every_layer_of_the_transformer_is_found(tmp_path, family, made):
    path = made(tmp_path / family)
    model = FAMILIES[family].load(info_of(path, family), torch.device("cpu"), lambda *done: None)
    before = {name: one.clone() for name, one in model.transformer.state_dict().items()}
    tensors, expected = {}, dict(before)
    for name, layer in model.transformer.named_modules():
        if isinstance(layer, torch.nn.Linear):
            down, up = rand(2, layer.in_features), rand(layer.out_features, 2)
            tensors[f"transformer.{name}.lora_A.weight"] = down
            tensors[f"transformer.{name}.lora_B.weight"] = up
            expected[f"{name}.weight"] = before[f"{name}.weight"] + 0.5 * up @ down
    adapter = read_adapter(write(tmp_path / "a.safetensors", tensors), "a")
    assert not model.match(adapter).unknown and len(adapter.layers) == len(tensors) / 2
    model.adapt([Joined(adapter, unet=0.5)])
    for name, value in model.transformer.state_dict().items():
        torch.testing.assert_close(value, expected[name])
    model.adapt([])
    assert same(model.transformer.state_dict(), before)
