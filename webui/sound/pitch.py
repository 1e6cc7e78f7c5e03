"""How high a sound is: a number a frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from webui.sound.decoding import Floats, Sound

LOWEST, HIGHEST = 55.0, 1760.0
"""Hz that are looked for: five octaves, A1 to A6."""
_THRESHOLD = 0.15
_QUIET = 1e-3


def pitch(sound: Sound, fps: float, frames: int) -> npt.NDArray[np.float64]:
    """(frames,) Hz at the beginning of each frame; 0 where there is no pitch.

    YIN: A. de Cheveigné and H. Kawahara, "YIN, a fundamental frequency estimator for speech and
    music", J. Acoust. Soc. Am. 111 (2002), steps 1 to 5.

    fps: frames a second, above 0.
    """
    longest = int(sound.rate / LOWEST) + 2
    out = np.zeros(frames)
    for frame in range(frames):
        place = round(frame * sound.rate / fps)
        if place >= len(sound.levels):
            break
        samples = sound.piece(place - longest, 2 * longest)
        if float(np.abs(samples).max()) > _QUIET:
            out[frame] = _fundamental(samples, sound.rate)
    return out


def _fundamental(samples: Floats, rate: int) -> float:
    """Hz, or 0; samples: (2L,), L the longest period and a bit."""
    normal = _normal_difference(samples.astype(np.float64))
    shortest = int(rate / HIGHEST)
    below = np.flatnonzero(normal[shortest:-1] < _THRESHOLD)
    if not len(below):
        return 0.0
    lag = shortest + int(below[0])
    while lag + 2 < len(normal) and normal[lag + 1] < normal[lag]:
        lag += 1
    left, middle, right = normal[lag - 1 : lag + 2]
    bend = left - 2 * middle + right
    return rate / (lag + (0.5 * (left - right) / bend if bend > 0 else 0.0))


def _normal_difference(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(L,) the cumulative mean normalised difference, 1 at lag 0 (equations 6 to 8)."""
    length = len(samples) // 2
    squares = np.concatenate([[0.0], np.square(samples).cumsum()])
    lags = np.arange(length)
    size = 1 << (3 * length).bit_length()
    forward = np.fft.rfft(samples, size)
    window = np.conj(np.fft.rfft(samples[:length], size))
    product = np.fft.irfft(forward * window, size)[:length]
    energy = squares[lags + length] - squares[lags]
    difference = np.maximum(energy[0] + energy - 2 * product, 0)
    total = difference[1:].cumsum()
    out = np.ones(length)
    np.divide(difference[1:] * lags[1:], total, out=out[1:], where=total > 0)
    return out
