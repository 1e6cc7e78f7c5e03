"""What is heard in a file, kept for the next time: the drawn wave and where things begin."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from webui.core.errors import UserError
from webui.core.files import write_atomically
from webui.sound.decoding import RATE, Floats, read_sound
from webui.sound.levels import Numbers, peaks
from webui.sound.onsets import HOP, spectral_flux

_KEPT = 64
"""Files."""


@dataclass(frozen=True)
class Heard:
    """A file as it sounds.

    Attributes:
        seconds: how long.
        peaks: see `webui.sound.levels.peaks`.
        flux: see `webui.sound.onsets.spectral_flux`, `looks` values a second.
    """

    seconds: float
    peaks: Numbers
    flux: Floats

    @property
    def looks(self) -> float:
        return RATE / HOP


def hear(path: Path, low: float, high: float, kept: Path) -> Heard:
    """Listen to a file, or remember what was heard.

    Args:
        path: a file of the store, whose name is its hash.
        low, high: Hz; what lies outside does not count as a beginning.
        kept: the folder where it is kept.

    Raises:
        UserError: there is no sound that can be read, or it is too long.
    """
    place = kept / f"{path.name}-{low:g}-{high:g}.npz"
    known = _known(place)
    if known is not None:
        return known
    sound = read_sound(path)
    heard = Heard(sound.seconds, peaks(sound), spectral_flux(sound, low, high))
    _keep(place, heard)
    return heard


def _known(place: Path) -> Heard | None:
    try:
        file = io.BytesIO(place.read_bytes())
        with np.load(file, allow_pickle=False) as data:
            return Heard(float(data["seconds"]), data["peaks"], data["flux"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        return None


def _keep(place: Path, heard: Heard) -> None:
    """Save the work where there is room, and forget the oldest."""
    file = io.BytesIO()
    np.savez(file, seconds=heard.seconds, peaks=heard.peaks, flux=heard.flux)
    with suppress(UserError):
        write_atomically(place, file.getvalue())
    with suppress(OSError):
        oldest_first = sorted(place.parent.glob("*.npz"), key=lambda one: one.stat().st_mtime)
        for one in oldest_first[:-_KEPT]:
            one.unlink(missing_ok=True)
