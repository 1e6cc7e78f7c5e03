"""What can be chosen; names and defaults as in the extension that people know from A1111."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from webui.ext import option

Course = Literal[
    "Constant",
    "Linear Down",
    "Cosine Down",
    "Half Cosine Down",
    "Linear Up",
    "Cosine Up",
    "Half Cosine Up",
    "Power Up",
    "Power Down",
    "Linear Repeating",
    "Cosine Repeating",
    "Sawtooth",
]
"""How a scale changes over the steps."""


_POLISH = {
    "Constant": "stale",
    "Linear Down": "liniowo w dół",
    "Cosine Down": "cosinusem w dół",
    "Half Cosine Down": "połową cosinusa w dół",
    "Linear Up": "liniowo w górę",
    "Cosine Up": "cosinusem w górę",
    "Half Cosine Up": "połową cosinusa w górę",
    "Power Up": "potęgą w górę",
    "Power Down": "potęgą w dół",
    "Linear Repeating": "liniowo, powtarzane",
    "Cosine Repeating": "cosinusem, powtarzane",
    "Sawtooth": "piłą",
    "MEAN": "średnia kanału",
    "ZERO": "zero",
    "AD": "największa odległość (AD)",
    "STD": "odchylenie standardowe (STD)",
}
_ENGLISH = {
    "MEAN": "the channel's mean",
    "ZERO": "zero",
    "AD": "largest distance (AD)",
    "STD": "standard deviation (STD)",
}
_WORDS = {name: {"en": _ENGLISH.get(name, name), "pl": pl} for name, pl in _POLISH.items()}


class Options(BaseModel):
    """The panel's values.

    Attributes:
        mimic_scale: the guidance scale whose contrast the picture is to have.
        percentile: share of the values that are kept; more than the others reach is cut off.
        mimic_mode, cfg_mode: how the scales change, down to `mimic_minimum`, `cfg_minimum`.
        scheduler_value: power, or number of repeats, of those courses that have one.
        separate: measure each channel of the latents by itself.
        startpoint: what stays in place: each channel's mean, or zero.
        measure: contrast is the largest distance (AD) or the standard deviation (STD).
        phi: share of the result; the rest is guidance as usual.
    """

    model_config = ConfigDict(frozen=True)

    enabled: bool = option(False, "Limit the contrast of guidance", "Ogranicz kontrast CFG")
    mimic_scale: float = option(7.0, "Contrast of CFG scale", "Kontrast jak przy CFG", 1, 30)
    percentile: float = option(1.0, "Percentile kept", "Zachowany percentyl", 0.9, 1)
    mimic_mode: Course = option(
        "Constant", "Mimicked scale over the steps", "Kontrast w krokach", words=_WORDS
    )
    mimic_minimum: float = option(0.0, "Lowest mimicked scale", "Najmniejszy kontrast", 0, 30)
    cfg_mode: Course = option("Constant", "CFG scale over the steps", "CFG w krokach", words=_WORDS)
    cfg_minimum: float = option(0.0, "Lowest CFG scale", "Najmniejsze CFG", 0, 30)
    scheduler_value: float = option(4.0, "Power or repeats", "Potęga lub powtórzenia", 0, 100)
    separate: bool = option(True, "Each channel by itself", "Każdy kanał osobno")
    startpoint: Literal["MEAN", "ZERO"] = option(
        "MEAN", "What stays in place", "Co nie rusza się", words=_WORDS
    )
    measure: Literal["AD", "STD"] = option(
        "AD", "How contrast is measured", "Miara kontrastu", words=_WORDS
    )
    phi: float = option(1.0, "Share of the result", "Udział wyniku", 0, 1)


NAMES = {
    "Dynamic thresholding enabled": "enabled",
    "Mimic scale": "mimic_scale",
    "Separate Feature Channels": "separate",
    "Scaling Startpoint": "startpoint",
    "Variability Measure": "measure",
    "Interpolate Phi": "phi",
    "Threshold percentile": "percentile",
    "Mimic mode": "mimic_mode",
    "Mimic scale minimum": "mimic_minimum",
    "CFG mode": "cfg_mode",
    "CFG scale minimum": "cfg_minimum",
    "Scheduler value": "scheduler_value",
}
"""In a picture's parameters, as A1111's extension writes them -> the field."""
