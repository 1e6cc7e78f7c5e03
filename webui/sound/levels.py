"""How loud a sound is: the drawn wave, and a number a frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from webui.sound.decoding import Sound

Numbers = npt.NDArray[np.float64]
MOST_PEAKS = 2000
_WINDOW = 1024
"""Samples: 21 Hz are told apart."""


def peaks(sound: Sound, most: int = MOST_PEAKS) -> Numbers:
    """The wave as it is drawn: (P, 2), the lowest and the highest value (-1…1) of each piece."""
    levels = sound.levels
    count = min(most, len(levels))
    edges = np.linspace(0, len(levels), count + 1).astype(np.int64)[:-1]
    lowest = np.minimum.reduceat(levels, edges)
    highest = np.maximum.reduceat(levels, edges)
    return np.stack([lowest, highest], axis=1) / 32768


def amplitude(
    sound: Sound, fps: float, frames: int, low: float = 0.0, high: float = float("inf")
) -> Numbers:
    """(frames,) the root of the mean square while each frame is seen; the loudest frame is 1.

    Args:
        fps: frames a second, above 0. Behind the end of the sound it is 0.
        low, high: Hz; what lies outside is not heard.
    """
    if low <= 0 and high >= sound.rate / 2:
        out = _loudness(sound, fps, frames)
    else:
        out = _loudness_of_band(sound, fps, frames, low, high)
    loudest = out.max(initial=0.0)
    return out / loudest if loudest else out


def _loudness(sound: Sound, fps: float, frames: int) -> Numbers:
    edges = (np.arange(frames + 1) * sound.rate / fps).astype(np.int64)
    out = np.zeros(frames)
    for frame in range(frames):
        piece = sound.levels[edges[frame] : max(edges[frame + 1], edges[frame] + 1)]
        if len(piece):
            out[frame] = np.sqrt(np.mean(np.square(piece.astype(np.float64))))
    return out


def _loudness_of_band(sound: Sound, fps: float, frames: int, low: float, high: float) -> Numbers:
    """By Parseval's theorem, over a window that is seen as long as a frame, or that can tell the
    band."""
    length = max(_WINDOW, int(sound.rate / fps))
    frequencies = np.fft.rfftfreq(length, 1 / sound.rate)
    inside = (frequencies >= low) & (frequencies <= high)
    window = np.hanning(length)
    out = np.zeros(frames)
    for frame in range(frames):
        middle = (frame + 0.5) * sound.rate / fps
        if middle - sound.rate / fps < len(sound.levels):
            piece = sound.piece(int(middle) - length // 2, length) * window
            out[frame] = np.sqrt(np.square(np.abs(np.fft.rfft(piece)[inside])).sum())
    return out
