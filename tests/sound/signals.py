"""Sounds whose beats and pitch are known."""

import wave
from pathlib import Path

import numpy as np

from webui.sound.decoding import RATE, Sound


def clicks(times, seconds, frequency=2000.0, loud=0.8) -> np.ndarray:
    """Short tones that die away, (N,) -1…1."""
    out = np.zeros(int(seconds * RATE))
    length = int(0.05 * RATE)
    at = np.arange(length) / RATE
    tone = loud * np.sin(2 * np.pi * frequency * at) * np.exp(-at * 80)
    for time in times:
        begin = int(time * RATE)
        out[begin : begin + length] += tone[: len(out) - begin]
    return out


def sine(frequency, seconds, loud=0.5) -> np.ndarray:
    return loud * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)


def sound(samples: np.ndarray) -> Sound:
    return Sound((np.clip(samples, -1, 1) * 32767).astype(np.int16))


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path
