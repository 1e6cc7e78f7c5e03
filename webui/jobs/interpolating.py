"""Films with pictures between that an extension draws: these are a job of their own, before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from webui.core.errors import UserError
from webui.core.events import Job
from webui.core.film import MOST_TIMES, Film
from webui.core.offers import FLOW, Offers
from webui.core.requests import Request
from webui.jobs.filming import begun_from, pace_of, times_of, wishes_of

_SAME = 1e-9


@dataclass(frozen=True)
class First:
    """What is to be done before a film.

    Attributes:
        values: of the request for the pictures between.
        film: of them, once it is said in which job they are.
    """

    values: Mapping[str, Any]
    film: Film


def between_first(request: Request, offers: Offers, find: Callable[[str], Job]) -> First | None:
    """The job that has to come before a film; None where the film can do all by itself.

    find: looks up a job; raises UserError where there is none.
    """
    if not isinstance(request, Film):
        return None
    try:
        source = find(request.job)
    except UserError:  # the film says so itself
        return None
    told = begun_from(source, find)
    wish = wishes_of(told)
    name = request.interpolator or _meant(wish.engine, offers)
    pace = pace_of(request, told, 2, times_of(source, find))
    times = min(math.ceil(1 / pace.step - _SAME), MOST_TIMES)
    if name in (None, FLOW) or source.request.images < 2 or not pace.smooth or times < 2:
        return None
    values = {"kind": "interpolate", "job": request.job, "interpolator": name, "times": times}
    shown = request.interpolate or wish.interpolate
    return First(values, request.with_(interpolate=shown, interpolator=name))


def _meant(engine: str | None, offers: Offers) -> str | None:
    """The interpolator that a settings file means: `RIFE v4.6` is `RIFE`, too."""
    words = {engine.casefold(), *engine.casefold().split()[:1]} if engine else set[str]()
    for one in offers.interpolators:
        if words & {name.casefold() for name in (one.name, *one.aliases)}:
            return one.name
    return None
