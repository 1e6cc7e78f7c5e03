"""Dynamic thresholding against its formulas written out with numpy, picture by picture."""

from __future__ import annotations

import importlib
import math

import numpy as np
import pytest
import torch

from tests.extensions.control import COMPLETE, drawn, loaded
from tests.models.families.drawing import load, relative
from webui.core.participants import Step
from webui.core.requests import Txt2Img
from webui.models.families.sd1 import SD1

SCALE, MIMIC = 20.0, 6.0


def participant(**options):
    request = Txt2Img(prompt="x", extensions={"dynamic_thresholding": {"enabled": True, **options}})
    (one,) = loaded().participants("job", request)
    return one


def step(index: int = 3, scale: float = SCALE) -> Step:
    dice = torch.Generator().manual_seed(5)
    x, prompted, uncond = (torch.randn(2, 4, 6, 5, generator=dice) for _ in range(3))
    denoised = uncond + scale * (prompted - uncond)
    return Step(index, 10, x, 1.0, denoised, prompted, uncond, scale)


def written_out(one: Step, scale=SCALE, mimic=MIMIC, separate=True, zero=False, std=False, at=1.0):
    """(B, C, h, w), value by value."""
    uncond, away = one.uncond.numpy(), (one.prompted - one.uncond).numpy()
    guided, low = uncond + away * scale, uncond + away * mimic
    made = np.empty_like(guided)
    for image in range(len(guided)):
        means = guided[image].mean(axis=(1, 2), keepdims=True)
        centered = guided[image] - means
        lows = low[image] - low[image].mean(axis=(1, 2), keepdims=True)
        for channel in range(4):
            of = (lambda v, c=channel: v[c]) if separate else (lambda v: v)
            if std:
                wanted, found = of(lows).std(ddof=1), of(centered).std(ddof=1)
            else:
                wanted = np.abs(of(lows)).max()
                found = np.quantile(np.abs(of(centered)), at)
            if zero:
                made[image, channel] = guided[image, channel] * wanted / found
            else:
                most = found if std else max(wanted, found)
                kept = centered[channel] if std else centered[channel].clip(-most, most)
                made[image, channel] = kept / most * wanted + means[channel]
    return made


@pytest.mark.parametrize(
    ("options", "how"),
    [
        ({}, {}),
        ({"percentile": 0.95}, {"at": 0.95}),
        ({"separate": False, "percentile": 0.9}, {"separate": False, "at": 0.9}),
        ({"measure": "STD"}, {"std": True}),
        ({"startpoint": "ZERO"}, {"zero": True}),
        ({"startpoint": "ZERO", "measure": "STD", "separate": False},
         {"zero": True, "std": True, "separate": False}),
    ],
)  # fmt: skip
def test_it_is_the_published_formula(options, how):
    one = step()
    wanted = written_out(one, **how)
    participant(mimic_scale=MIMIC, **options).after(one)
    np.testing.assert_allclose(one.denoised.numpy(), wanted, rtol=1e-4, atol=1e-4)


def test_the_highest_percentile_at_the_same_scale_changes_nothing():
    one = step()
    before = one.denoised.clone()
    participant(mimic_scale=SCALE).after(one)
    torch.testing.assert_close(one.denoised, before)


def test_a_share_of_it_and_none_of_it():
    half, none, whole = step(), step(), step()
    guided = half.denoised.clone()
    participant(mimic_scale=MIMIC).after(whole)
    participant(mimic_scale=MIMIC, phi=0.5).after(half)
    participant(mimic_scale=MIMIC, phi=0).after(none)
    torch.testing.assert_close(half.denoised, (whole.denoised + guided) / 2)
    torch.testing.assert_close(none.denoised, guided)


def test_scales_follow_their_course():
    one = step(index=9)
    participant(mimic_scale=MIMIC, mimic_mode="Linear Down", mimic_minimum=2).after(one)
    np.testing.assert_allclose(
        one.denoised.numpy(), written_out(one, mimic=2.0), rtol=1e-4, atol=1e-4
    )
    one = step(index=0)
    participant(mimic_scale=MIMIC, cfg_mode="Linear Up", cfg_minimum=3).after(one)
    np.testing.assert_allclose(
        one.denoised.numpy(), written_out(one, scale=3.0), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("Constant", 10), ("Linear Down", 8), ("Cosine Down", 2 + 8 * math.cos(0.25 * 1.5707)),
        ("Half Cosine Down", 2 + 8 * math.cos(0.25)), ("Linear Up", 4),
        ("Cosine Up", 10 - 8 * math.cos(0.25 * 1.5707)),
        ("Half Cosine Up", 10 - 8 * math.cos(0.25)), ("Power Up", 2 + 8 * 0.25**3),
        ("Power Down", 10 - 8 * 0.25**3), ("Linear Repeating", 2 + 8 * 0.5),
        ("Cosine Repeating", 2 + 8 * (0.5 + math.cos(0.75 * 6.28318) / 2)), ("Sawtooth", 8),
    ],
)  # fmt: skip
def test_courses(mode, wanted):
    loaded()
    module = importlib.import_module("easel_extensions.dynamic_thresholding.thresholding")
    assert module.course(10, 2, mode, 0.25, 3) == pytest.approx(wanted)


def test_it_stays_out_where_nothing_is_led_away_from():
    one = step(scale=1.0)
    before = one.denoised.clone()
    participant().after(one)
    assert torch.equal(one.denoised, before)


@torch.inference_mode()
def test_a_picture_is_less_extreme_and_says_so(tiny):
    model = load(SD1(), tiny.folder_info)
    plain = Txt2Img.model_validate({**COMPLETE, "cfg_scale": 30})
    options = {"dynamic_thresholding": {"enabled": True, "mimic_scale": 3}}
    before, _ = drawn(model, plain, {}, {})
    after, result = drawn(model, plain.with_(extensions=options), {}, {})
    assert after.std() < before.std()
    assert result.parameters.values["Mimic scale"] == "3.0"
    off = {"dynamic_thresholding": {"enabled": False, "mimic_scale": 3}}
    assert torch.equal(drawn(model, plain.with_(extensions=off), {}, {})[0], before)
    low = {"dynamic_thresholding": {"enabled": True, "mimic_scale": 30, "measure": "STD"}}
    assert relative(drawn(model, plain.with_(extensions=low), {}, {})[0], before) < 1e-3
