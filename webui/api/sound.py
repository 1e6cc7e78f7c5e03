"""What is heard in a sound that was sent, for keys at its beats."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from webui.api.bodies import DescribedRoute
from webui.api.context import ServicesHere
from webui.api.errors import ID, may_answer
from webui.core.errors import UserError
from webui.sound.decoding import RATE
from webui.sound.hearing import hear
from webui.sound.onsets import USUAL_THRESHOLD, onsets
from webui.sound.tempo import tempo

router = APIRouter(route_class=DescribedRoute, tags=["animation"])

_HASH = re.compile(r"[0-9a-f]{64}")
_HIGHEST = RATE / 2


class OnsetView(BaseModel):
    """Something begins."""

    time: float = Field(description="Seconds")
    strength: float = Field(description="Up to 1, of the strongest")


class SoundView(BaseModel):
    """A sound as it is drawn, and what is heard in it."""

    seconds: float
    peaks: tuple[tuple[float, float], ...] = Field(
        description="The wave in at most 2000 pieces: the lowest and highest of each, -1 to 1"
    )
    onsets: tuple[OnsetView, ...]
    bpm: float | None = Field(description="Beats a minute; null where nothing repeats")


# A plain function: the server runs it in a thread, off its event loop.
@router.get("/animation/sound/{id}", responses=may_answer(*ID))
def sound_analysis(
    services: ServicesHere,
    id: str,
    band_low: Annotated[float, Query(ge=0, le=_HIGHEST, description="Hz")] = 0.0,
    band_high: Annotated[float, Query(ge=0, le=_HIGHEST, description="Hz")] = _HIGHEST,
    threshold: Annotated[
        float, Query(ge=0, le=20, description="Higher hears fewer beginnings")
    ] = USUAL_THRESHOLD,
) -> SoundView:
    """Hear where something begins in a sound, or a film's, that was sent to `/media`.

    `id` is its name, with or without `sha256:`. Only what lies between `band_low` and `band_high`
    counts: 0 to 150 hears a bass drum.
    """
    if band_high <= band_low:
        raise UserError("sound_band", "band_high")
    ref = f"sha256:{id}" if _HASH.fullmatch(id) else id
    path = services.jobs.store.path(ref)
    heard = hear(path, band_low, band_high, services.paths.sounds)
    found = onsets(heard.flux, RATE, threshold)
    return SoundView(
        seconds=round(heard.seconds, 4),
        peaks=tuple((round(low, 4), round(high, 4)) for low, high in heard.peaks.tolist()),
        onsets=tuple(OnsetView(time=one.time, strength=one.strength) for one in found),
        bpm=tempo(heard.flux, heard.looks),
    )
