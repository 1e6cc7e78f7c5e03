"""Guidance at a high scale with the contrast of a lower one ("mimic CFG").

The algorithm is that of mcmonkey's Dynamic Thresholding, which comes from Saharia et al.,
"Photorealistic text-to-image diffusion models", 2022, section 2.3. Its statistics are taken of
each picture by itself, so that a picture is the same alone and in a batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from webui.ext import Participant, Step

from .options import NAMES, Course, Options

_QUARTER = 1.5707
_TURN = 6.28318
"""Rounded as in the original, so that pictures are the same."""


class Thresholding(Participant):
    """Replaces what guidance leads to."""

    order = -150  # after guidance has its length, before anything is laid over the picture

    def __init__(self, options: Options) -> None:
        self._options = options

    def after(self, step: Step) -> None:
        if step.prompted is None or step.uncond is None or step.scale == 1:
            return
        options = self._options
        share = step.index / max(step.total - 1, 1)
        power = options.scheduler_value
        mimic = course(options.mimic_scale, options.mimic_minimum, options.mimic_mode, share, power)
        scale = course(step.scale, options.cfg_minimum, options.cfg_mode, share, power)
        away = step.prompted - step.uncond
        guided = step.denoised + away * (scale - step.scale)
        mimicked = step.denoised + away * (mimic - step.scale)
        limited = thresholded(guided, mimicked, options)
        step.denoised = limited * options.phi + guided * (1 - options.phi)

    def parameters(self) -> Mapping[str, str]:
        """As A1111's extension writes it."""
        options = self._options
        left_out: set[str] = set()
        if options.mimic_mode == "Constant":
            left_out |= {"mimic_mode", "mimic_minimum"}
        if options.cfg_mode == "Constant":
            left_out |= {"cfg_mode", "cfg_minimum"}
        if not {options.mimic_mode, options.cfg_mode} & set(_POWERED):
            left_out.add("scheduler_value")
        told = {name: field for name, field in NAMES.items() if field not in left_out}
        return {name: str(getattr(options, field)) for name, field in told.items()}


_POWERED = ("Power Up", "Power Down", "Linear Repeating", "Cosine Repeating", "Sawtooth")


def course(scale: float, lowest: float, mode: Course, share: float, power: float) -> float:
    """A scale at a share of the steps (0 is the first, 1 the last)."""
    repeat = (share * power) % 1
    factors: Mapping[Course, float] = {
        "Constant": 1.0,
        "Linear Down": 1 - share,
        "Cosine Down": math.cos(share * _QUARTER),
        "Half Cosine Down": math.cos(share),
        "Linear Up": share,
        "Cosine Up": 1 - math.cos(share * _QUARTER),
        "Half Cosine Up": 1 - math.cos(share),
        "Power Up": share**power,
        "Power Down": 1 - share**power,
        "Linear Repeating": abs(0.5 - repeat) * 2,
        "Cosine Repeating": math.cos(share * _TURN * power) * 0.5 + 0.5,
        "Sawtooth": repeat,
    }
    return (scale - lowest) * factors[mode] + lowest


def thresholded(guided: Tensor, mimicked: Tensor, options: Options) -> Tensor:
    """What guidance leads to, with the contrast of what a lower scale leads to.

    Args:
        guided, mimicked: (B, C, h, w).
    """
    rows = guided.flatten(2)
    means = rows.mean(dim=2, keepdim=True)
    centered = rows - means
    low = mimicked.flatten(2)
    low = low - low.mean(dim=2, keepdim=True)
    spread = options.measure == "STD"
    wanted = _deviation(low, options) if spread else _reach(low, 1.0, options)
    found = (
        _deviation(centered, options) if spread else _reach(centered, options.percentile, options)
    )
    if options.startpoint == "ZERO":
        made = rows * (wanted / _some(found))
    elif spread:
        made = centered / _some(found) * wanted + means
    else:
        most = torch.maximum(wanted, found)
        made = centered.clamp(-most, most) / _some(most) * wanted + means
    return made.unflatten(2, guided.shape[2:])


def _over(rows: Tensor, options: Options) -> Tensor:
    """(B, C or 1, values) that are measured together."""
    return rows if options.separate else rows.flatten(1).unsqueeze(1)


def _deviation(rows: Tensor, options: Options) -> Tensor:
    return _over(rows, options).std(dim=2, keepdim=True)


def _reach(rows: Tensor, percentile: float, options: Options) -> Tensor:
    """The distance from the mean that a share of the values keeps to."""
    sorted_, _ = _over(rows, options).abs().sort(dim=2)
    place = percentile * (sorted_.shape[2] - 1)
    low, high = sorted_[:, :, math.floor(place)], sorted_[:, :, math.ceil(place)]
    return torch.lerp(low, high, place - math.floor(place)).unsqueeze(2)


def _some(value: Tensor) -> Tensor:
    """Not 0, where nothing differs."""
    return value.clamp(min=1e-12)
