"""What is heard in a sound as a number a frame, for formulas."""

from __future__ import annotations

import hashlib
import json
import math
from contextlib import suppress
from pathlib import Path
from typing import cast

import numpy as np

from webui.core.errors import UserError
from webui.core.files import write_atomically
from webui.sound.decoding import Sound, read_sound
from webui.sound.levels import Numbers, amplitude
from webui.sound.onsets import onsets, spectral_flux
from webui.sound.pitch import pitch
from webui.timeline.named import SoundSource

_DIGITS = 5


def heard_series(
    path: Path, source: SoundSource, fps: float, kept: Path | None = None
) -> tuple[float, ...]:
    """A number for every frame that the sound lasts, at least one.

    Args:
        path: a file of the store, whose name is its hash; else nothing may be kept.
        fps: frames a second, above 0.
        kept: the folder where it is remembered.

    Raises:
        UserError: there is no sound that can be read, or it is too long.
    """
    asked = source.model_dump(exclude={"sound", "values"})
    key = hashlib.sha256(json.dumps([asked, fps]).encode()).hexdigest()[:32]
    place = kept / f"{path.name}-{key}.json" if kept else None
    if place is not None:
        with suppress(OSError, ValueError):
            return tuple(cast(list[float], json.loads(place.read_bytes())))
    numbers = tuple(round(float(one), _DIGITS) for one in _numbers(read_sound(path), source, fps))
    if place is not None:
        with suppress(UserError):
            write_atomically(place, json.dumps(numbers).encode())
    return numbers


def _numbers(sound: Sound, source: SoundSource, fps: float) -> Numbers:
    frames = max(math.ceil(sound.seconds * fps), 1)
    if source.of == "pitch":
        return pitch(sound, fps, frames)
    if source.of == "amplitude":
        return amplitude(sound, fps, frames, source.low, source.high)
    flux = spectral_flux(sound, source.low, source.high)
    found = onsets(flux, sound.rate, source.threshold)
    return pulses([(one.time, one.strength) for one in found], fps, frames, source.fall)


def pulses(beginnings: list[tuple[float, float]], fps: float, frames: int, fall: float) -> Numbers:
    """(frames,) each beginning's strength at its frame, falling to 1/e within `fall` seconds."""
    made = np.zeros(frames)
    for time, strength in beginnings:
        first = min(round(time * fps), frames - 1)
        count = frames - first if fall else 1
        age = np.arange(count) / fps
        pulse = strength * np.exp(-age / fall) if fall else np.array([strength])
        made[first : first + count] = np.maximum(made[first : first + count], pulse)
    return made
