"""How loud a sound is: the drawn wave, and a number a frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from webui.sound.decoding import Sound

Numbers = npt.NDArray[np.float64]
MOST_PEAKS = 2000


def peaks(sound: Sound, most: int = MOST_PEAKS) -> Numbers:
    """The wave as it is drawn: (P, 2), the lowest and the highest value (-1…1) of each piece."""
    levels = sound.levels
    count = min(most, len(levels))
    edges = np.linspace(0, len(levels), count + 1).astype(np.int64)[:-1]
    lowest = np.minimum.reduceat(levels, edges)
    highest = np.maximum.reduceat(levels, edges)
    return np.stack([lowest, highest], axis=1) / 32768


def amplitude(sound: Sound, fps: float, frames: int) -> Numbers:
    """(frames,) the root of the mean square while each frame is seen; the loudest frame is 1.

    fps: frames a second, above 0. Behind the end of the sound it is 0.
    """
    edges = (np.arange(frames + 1) * sound.rate / fps).astype(np.int64)
    out = np.zeros(frames)
    for frame in range(frames):
        piece = sound.levels[edges[frame] : max(edges[frame + 1], edges[frame] + 1)]
        if len(piece):
            out[frame] = np.sqrt(np.mean(np.square(piece.astype(np.float64))))
    loudest = out.max(initial=0.0)
    return out / loudest if loudest else out
