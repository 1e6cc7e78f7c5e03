"""Where something begins in a sound: a beat, a note.

Spectral flux and its peaks as in S. Dixon, "Onset Detection Revisited", DAFx 2006; the magnitudes
are compressed by a logarithm as in S. Böck, F. Krebs and M. Schedl, "Evaluating the Online
Capabilities of Onset Detection Methods", ISMIR 2012.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from webui.sound.decoding import Floats, Sound

HOP = 256
"""Samples between two looks: 12 ms."""
WINDOW = 1024
_BLOCK = 512
_COMPRESSION = 20.0
_SILENT = 33
"""Levels of 16 bits, -60 dB: a sound no louder than this has no beginnings."""
_AROUND = 3
"""A peak is the highest of this many values on each side."""
_MEAN_BEFORE = 9
"""Values before it, for the mean that it must stand above; 3 times as many as behind it."""
_DECAY = 0.9
_QUIET = 0.01
"""Share of the greatest flux, below which nothing is heard."""
_LAG = 0.25
"""Part of a window by which the flux rises before the sound is in the window's middle."""
USUAL_THRESHOLD = 0.5


@dataclass(frozen=True)
class Onset:
    """Something begins.

    Attributes:
        time: seconds.
        strength: above 0, at most 1: that of the loudest beginning of the sound.
    """

    time: float
    strength: float


def spectral_flux(sound: Sound, low: float = 0.0, high: float = float("inf")) -> Floats:
    """How much louder each moment is than the one before, over all bands.

    Args:
        low, high: Hz; what lies outside is not heard.

    Returns:
        (N,) a value every `HOP` samples, at least 0; the mean over the bands.
    """
    frequencies = np.fft.rfftfreq(WINDOW, 1 / sound.rate)
    heard = (frequencies >= low) & (frequencies <= high)
    if not heard.any():
        heard[np.abs(frequencies - (low + min(high, sound.rate / 2)) / 2).argmin()] = True
    # No window reaches over the end: a sound that is cut off there does not begin there.
    count = max(len(sound.levels) - WINDOW // 2, 0) // HOP + 1
    flux = np.zeros(count, np.float32)
    loudest = max(int(sound.levels.max(initial=0)), -int(sound.levels.min(initial=0)))
    if loudest < _SILENT:
        return flux
    before = np.zeros((1, int(heard.sum())), np.float32)
    for begin in range(0, count, _BLOCK):
        magnitudes = _magnitudes(sound, begin, min(_BLOCK, count - begin))[:, heard]
        levels = np.log1p(_COMPRESSION * 32768 / loudest * magnitudes)
        rise = np.diff(np.concatenate([before, levels]), axis=0)
        flux[begin : begin + len(levels)] = np.maximum(rise, 0).mean(axis=1)
        before = levels[-1:]
    return flux


def _magnitudes(sound: Sound, begin: int, count: int) -> Floats:
    """(count, WINDOW / 2 + 1) amplitudes around each look; 1 is as loud as can be."""
    samples = sound.piece(begin * HOP - WINDOW // 2, (count - 1) * HOP + WINDOW)
    pieces = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    window = np.hanning(WINDOW).astype(np.float32)
    return (np.abs(np.fft.rfft(pieces * window, axis=1)) / (WINDOW / 4)).astype(np.float32)


def onsets(flux: Floats, rate: int, threshold: float = USUAL_THRESHOLD) -> list[Onset]:
    """The peaks of the flux.

    Args:
        flux: see `spectral_flux`.
        threshold: how far a peak stands above what is around it, in standard deviations.
    """
    spread = float(flux.std())
    if spread == 0:
        return []
    values = ((flux - flux.mean()) / spread).astype(np.float64)
    peaks = (
        _highest(values) & (values >= _means(values) + threshold) & (flux >= _QUIET * flux.max())
    )
    peaks &= values >= _fading(values)
    places = np.flatnonzero(peaks)
    loudest = float(flux[places].max()) if len(places) else 1.0
    delay = _LAG * WINDOW / rate
    return [
        Onset(round(float(place) * HOP / rate + delay, 4), round(float(flux[place]) / loudest, 4))
        for place in places
    ]


def _highest(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether each is the highest around it; of equal ones the first."""
    edges = np.pad(values, _AROUND, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(edges, 2 * _AROUND + 1)
    return around.argmax(axis=1) == _AROUND


def _means(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean around each, more of what was before."""
    total = np.concatenate([[0.0], values.cumsum()])
    places = np.arange(len(values))
    first = np.maximum(places - _MEAN_BEFORE, 0)
    last = np.minimum(places + _AROUND + 1, len(values))
    return (total[last] - total[first]) / (last - first)


def _fading(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What a loud one leaves behind: a bound that falls back to the values (Dixon's g)."""
    out, level = np.empty_like(values), -np.inf
    for place, value in enumerate(values):
        out[place] = level
        level = max(value, _DECAY * level + (1 - _DECAY) * value) if level > -np.inf else value
    return out
