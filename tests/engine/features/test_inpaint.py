import pytest
import torch

from webui.core.participants import Step
from webui.engine.features.inpaint import KeepOutside

KEPT, NEW = 1.0, 5.0


@pytest.fixture
def latents():
    return torch.full((2, 4, 3, 3), KEPT)


@pytest.fixture
def mask():
    mask = torch.zeros(2, 1, 3, 3)
    mask[:, :, 1], mask[:, :, 2] = 0.5, 1.0
    return mask


def step(x: torch.Tensor, sigma: float = 3.0) -> Step:
    return Step(index=0, total=1, x=x, sigma=sigma)


def test_the_prediction_is_blended(latents, mask):
    one = step(torch.zeros_like(latents))
    keeper = KeepOutside(latents, mask, preserved=False)
    keeper.before(one)
    assert not one.x.any(), "x stays as it is"
    one.denoised = torch.full_like(latents, NEW)
    keeper.after(one)
    assert [float(one.denoised[1, 2, row, 0]) for row in range(3)] == [KEPT, (KEPT + NEW) / 2, NEW]


def test_with_scaled_samplers_the_network_sees_the_clean_latents(latents, mask):
    x = torch.full_like(latents, 7.0)
    one = step(x)
    keeper = KeepOutside(latents, mask, preserved=True)
    keeper.before(one)
    scaled = KEPT * 10**0.5
    seen = [float(one.x[0, 0, row, 0]) for row in range(3)]
    assert seen == pytest.approx([scaled, (scaled + 7) / 2, 7])
    one.denoised = one.x - 3.0 * 2.0  # a network that predicts noise of 2 everywhere
    keeper.after(one)
    noise = (x - one.denoised) / 3.0
    torch.testing.assert_close(noise, torch.full_like(x, 2.0))
