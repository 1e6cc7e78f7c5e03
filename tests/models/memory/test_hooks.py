import pytest
import torch
from torch import nn

from webui.models.memory.hooks import Cast, around, changing, moved

CPU, META = torch.device("cpu"), torch.device("meta")


def test_before_and_after_also_where_the_call_fails():
    layer, told = nn.Linear(2, 2), []
    undo = around(layer, lambda: told.append("enter"), lambda: told.append("leave"), CPU)
    layer(torch.ones(1, 2))
    with pytest.raises(RuntimeError):
        layer(torch.ones(1, 3))
    assert told == ["enter", "leave"] * 2
    undo()
    layer(torch.ones(1, 2))
    assert len(told) == 4


def test_what_is_given_goes_to_the_device():
    seen = {}

    class Taking(nn.Module):
        def forward(self, x, more, *, named):
            seen.update(x=x, more=more, named=named)

    module, x = Taking(), torch.ones(2)
    around(module, lambda: None, None, META)
    module(x, [x, 3, (x,)], named={"a": x, "b": "c"})
    assert seen["x"].is_meta and seen["more"][0].is_meta and seen["more"][2][0].is_meta
    assert seen["named"]["a"].is_meta and seen["named"]["b"] == "c"


def test_what_is_there_already_stays_the_same_object():
    value = {"a": [torch.ones(1), (torch.ones(1),)]}
    assert moved(value, CPU) is value


def test_weights_changed_in_inference_mode_can_be_changed_later():
    layer = nn.Linear(2, 2)
    with torch.inference_mode(), changing():
        layer.weight.data = torch.ones(2, 2)
    with torch.no_grad():
        layer.weight.add_(1)
    assert layer.weight.sum() == 8


def test_a_cast_gives_back_what_was_stored_to_the_bit():
    layer = nn.Linear(4, 4)
    weight, cast = layer.weight, Cast(layer, torch.float8_e4m3fn, torch.float32)
    stored = weight.detach().clone()
    cast.enter()
    assert weight.dtype == torch.float32
    cast.leave()
    cast.leave()
    assert weight.dtype == torch.float8_e4m3fn
    assert torch.equal(weight.float(), stored.float())
