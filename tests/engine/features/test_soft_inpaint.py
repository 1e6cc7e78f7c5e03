from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from webui.core.participants import Step
from webui.core.requests import SoftInpaint
from webui.engine.features.soft_inpaint import (
    SoftlyKeepOutside,
    found_mask,
    mixed,
    windowed_mean,
    with_found_mask,
)
from webui.imaging.inpainting import InitSettings, prepared

SOFT = SoftInpaint()


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def test_ends_of_the_mix_are_what_is_mixed():
    first, second = random(1, 4, 5, 5), random(1, 4, 5, 5) + 1
    share = torch.zeros(1, 1, 5, 5)
    torch.testing.assert_close(mixed(first, second, share, 4), first, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(mixed(first, second, share + 1, 4), second, rtol=1e-4, atol=1e-4)


def test_in_between_the_longer_vector_outweighs_the_shorter():
    first, second = torch.zeros(1, 4, 1, 1), torch.zeros(1, 4, 1, 1)
    first[:, 0], second[:, 1] = 3.0, 1.0
    half = torch.full((1, 1, 1, 1), 0.5)
    length = float(mixed(first, second, half, 4).norm())
    assert length == pytest.approx(((3**4 + 1) / 2) ** 0.25, rel=1e-4)
    assert float(mixed(first, second, half, 1).norm()) == pytest.approx(2, rel=1e-4)


@pytest.mark.parametrize(("sigma", "bias", "strength"), [(10, 1, 0.5), (2, 1, 0.5), (10, 0, 0.5)])
def test_a_gray_mask_lets_less_change_while_noise_is_high(sigma, bias, strength):
    latents = torch.ones(1, 4, 1, 3)
    mask = torch.tensor([0.0, 0.6, 1.0]).expand(1, 1, 1, 3)
    changes = {"schedule_bias": bias, "transition_contrast_boost": 1}
    keeper = SoftlyKeepOutside(latents, mask, SOFT.model_copy(update=changes))
    step = Step(0, 1, latents, float(sigma), denoised=latents * 3)
    keeper.after(step)
    expected = [1.0, 1 + 2 * 0.6 ** (sigma**bias * strength), 3.0]
    assert step.denoised[0, 0, 0].tolist() == pytest.approx(expected, rel=1e-3)


def plain_windowed_mean(values, low, high):
    """The same slowly: sort, stack, take the part of the stack between both shares."""
    result = np.zeros(values.shape)
    end = np.exp(-9 / 2.25)
    for place in np.ndindex(values.shape):
        around = []
        for other in np.ndindex(values.shape):
            square = (place[0] - other[0]) ** 2 + (place[1] - other[1]) ** 2
            if max(abs(place[0] - other[0]), abs(place[1] - other[1])) <= 2:
                weight = max(0.0, (np.exp(-square / 2.25) - end) / (1 - end))
                around.append((values[other], weight))
        total = sum(weight for _, weight in around)
        start, stop = total * low, total * high
        if stop - start < 1:
            middle = (start + stop) / 2
            start, stop = middle - 0.5, middle + 0.5
            if stop > total:
                start, stop = total - 1, total
            if start < 0:
                start, stop = 0, 1
        below, part, size = 0.0, 0.0, 0.0
        for value, weight in sorted(around):
            inside = max(0.0, min(stop, below + weight) - max(start, below))
            part, size, below = part + value * inside, size + inside, below + weight
        result[place] = part / size
    return result


@pytest.mark.parametrize(("low", "high"), [(0.9, 1.0), (0.25, 0.75)])
def test_the_window_over_sorted_neighbours(low, high):
    values = np.random.default_rng(1).random((6, 7)).astype(np.float32)
    np.testing.assert_allclose(
        windowed_mean(values, low, high), plain_windowed_mean(values, low, high), rtol=1e-6
    )


def test_what_did_not_change_is_not_in_the_mask_found():
    mask = np.full((8, 8), 0.5, np.float32)
    changed = np.zeros((8, 8), np.float32)
    changed[:, 5:] = 9
    found = found_mask(changed, mask, SOFT)
    assert found[:, :2].max() < 1e-6
    assert found[:, 6:].min() > 0.99
    assert (np.diff(found[4]) >= -1e-9).all()


def test_a_higher_threshold_keeps_more():
    mask, changed = np.full((4, 4), 0.5, np.float32), np.full((4, 4), 0.6, np.float32)
    shares = [
        found_mask(changed, mask, SOFT.model_copy(update={"difference_threshold": value})).mean()
        for value in (0.0, 0.3, 0.6, 2.0)
    ]
    assert shares == sorted(shares, reverse=True)
    assert (shares[0], shares[-1] < 0.1) == (1.0, True)


def test_the_mask_found_is_no_wider_than_the_users():
    image, mask = Image.new("RGB", (64, 64), "red"), Image.new("L", (64, 64))
    mask.paste(255, (16, 16, 48, 48))
    ready = prepared(image, mask, InitSettings(64, 64, mask_blur_x=0, mask_blur_y=0))
    before = random(4, 8, 8)
    everything = with_found_mask(ready, before, before + 50, SOFT).overlay_mask
    assert everything is not None
    assert everything.getbbox() == (16, 16, 48, 48)
    assert everything.getpixel((32, 32)) == 255
    nothing = with_found_mask(ready, before, before.clone(), SOFT).overlay_mask
    assert nothing is not None
    assert nothing.getextrema() == (0, 0)
    assert replace(ready, overlay_mask=None).overlay is None


@pytest.mark.parametrize(("sigma", "ratio"), [(0.8, 4.0), (0.5, 1.0), (1.0, 14.6146)])
def test_of_a_flow_the_ratio_of_noise_to_signal_counts(sigma, ratio):
    latents, mask = torch.rand(1, 4, 8, 8), torch.rand(1, 1, 8, 8)
    denoised = torch.rand(1, 4, 8, 8)
    made: list[torch.Tensor] = []
    for level, flow in ((sigma, True), (ratio, False)):
        step = Step(0, 1, latents, level, denoised)
        SoftlyKeepOutside(latents, mask, SoftInpaint(), flow).after(step)
        assert step.denoised is not None
        made.append(step.denoised)
    assert torch.allclose(*made, atol=1e-6)
