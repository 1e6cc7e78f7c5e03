"""How fast a sound beats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from webui.sound.decoding import Floats

_USUAL, _OCTAVES = 120.0, 0.9
"""Beats a minute that people tap most, and how far from them they still do (Ellis)."""
_SLOWEST, _FASTEST = 40.0, 240.0
_SURE = 0.1
"""Share of the whole by which the flux must be like itself a beat later."""
_DOUBLINGS = 3


def tempo(flux: Floats, looks: float) -> float | None:
    """Beats a minute; None where nothing repeats.

    The autocorrelation of the flux, weighted by how usual a tempo is: D. Ellis, "Beat Tracking by
    Dynamic Programming", J. New Music Research 36 (2007). The peak is then looked for at twice,
    four and eight times its lag, as that tells the period more exactly.

    Args:
        flux: see `spectral_flux`.
        looks: how many values a second.
    """
    slowest = int(looks * 60 / _SLOWEST)
    if len(flux) < 2 * slowest or not flux.std():
        return None
    likeness = _autocorrelation(flux)
    lags = np.arange(int(looks * 60 / _FASTEST), slowest + 1)
    away = np.log2(60 * looks / lags / _USUAL) / _OCTAVES
    weighted = likeness[lags] * np.exp(-0.5 * away**2)
    lag = float(lags[weighted.argmax()])
    if likeness[round(lag)] < _SURE:
        return None
    lag, times = _peak(likeness, lag), 1
    for _ in range(_DOUBLINGS):
        if 2 * times * lag + 3 > len(likeness) / 2:
            break
        times *= 2
        lag = _peak(likeness, times * lag) / times
    return round(60 * looks / lag, 2)


def _autocorrelation(flux: Floats) -> npt.NDArray[np.float64]:
    """By lag, 1 at lag 0."""
    values = flux - flux.mean(dtype=np.float64)
    size = 1 << (2 * len(values) - 1).bit_length()
    spectrum = np.fft.rfft(values, size)
    found = np.fft.irfft(np.abs(spectrum) ** 2, size)[: len(values)]
    return found / found[0]


def _peak(likeness: npt.NDArray[np.float64], lag: float) -> float:
    """The highest place near a lag, between the values by a parabola through three of them."""
    first = max(round(lag) - 2, 1)
    place = first + int(likeness[first : round(lag) + 3].argmax())
    if place + 1 >= len(likeness):
        return float(place)
    left, middle, right = likeness[place - 1 : place + 2]
    bend = left - 2 * middle + right
    return float(place) + (0.5 * float((left - right) / bend) if bend < 0 else 0.0)
