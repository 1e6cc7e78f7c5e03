import pytest
import torch

from webui.models.adapters.weights import Misfit, Weights, shaped


def test_weights_are_equal_to_themselves_only():
    one, other = Weights({"up": torch.ones(1)}), Weights({"up": torch.ones(1)})
    assert one == one and one != other
    assert "up" in one and "down" not in one
    with pytest.raises(Misfit, match="down"):
        one["down"]


def test_scale():
    assert Weights({}).scale(4) == 1
    assert Weights({}, {"alpha": 2.0}).scale(4) == 0.5
    assert Weights({}, {"alpha": 2.0}).scale(None) == 1
    assert Weights({}, {"alpha": 2.0, "scale": 3.0}).scale(4) == 3


def test_a_change_takes_the_shape_of_its_weight():
    assert shaped(torch.ones(4, 6), torch.ones(4, 6, 1, 1)).shape == (4, 6, 1, 1)
    for other in ((4, 5), (6, 4)):
        with pytest.raises(Misfit):
            shaped(torch.ones(other), torch.ones(4, 6))
