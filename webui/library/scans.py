"""Looks at folders again and again, and reads only what is new or has changed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from webui.core.errors import Problem, UserError
from webui.library.index import Index, Look
from webui.library.layouts import Shelf
from webui.library.places import Place, places
from webui.library.telling import Memory, Told, tell

_QUICK = 0.05
"""A walk through the folders that takes fewer seconds is made each time somebody asks."""
_REST = 20
"""Longer ones are made anew after so many times their length."""
_PIECE = 0.5
"""Seconds of reading after which what was found so far is kept and shown."""


@dataclass(frozen=True)
class Found:
    """What a look found; replaced by the next one that finds something else.

    Attributes:
        models: as far as they are read.
        problems: folders that could not be looked into.
        whole: whether all is read.
    """

    models: tuple[tuple[Place, Told], ...] = ()
    problems: tuple[Problem, ...] = ()
    whole: bool = False


class Scan:
    """Some folders. Any thread may use it."""

    def __init__(self, shelves: Callable[[], Sequence[Shelf]], index: Index) -> None:
        self._shelves = shelves
        self._index = index
        self._lock = threading.Lock()
        self._told: dict[Place, Told] = {}
        self._memory = Memory()
        self._found = Found()
        self._looked: tuple[float, float] = (0.0, 0.0)
        """When the last walk ended, and how long it took."""

    @property
    def last(self) -> Found:
        """What the last look found, without another one."""
        return self._found

    @property
    def looked(self) -> float:
        """When the last walk through the folders began, by `time.monotonic()`."""
        ended, took = self._looked
        return ended - took

    def expire(self) -> None:
        """Look again the next time, however short ago the last time was."""
        self._looked = (0.0, 0.0)

    def found(self, patience: float | None = None, stop: threading.Event | None = None) -> Found:
        """What there is.

        Args:
            patience: seconds after which what is known so far will do; None for all.
            stop: ends the reading early.
        """
        begin = time.monotonic()

        def enough() -> bool:
            late = patience is not None and time.monotonic() - begin > patience
            return late or (stop is not None and stop.is_set())

        if self._lock.acquire(timeout=-1 if patience is None else patience):
            try:
                if self._is_due():
                    self._look(enough)
            finally:
                self._lock.release()
        return self._found

    def _is_due(self) -> bool:
        ended, took = self._looked
        rested = time.monotonic() - ended > _REST * took
        return took < _QUICK or rested or not self._found.whole

    def _look(self, enough: Callable[[], bool]) -> None:
        begin = time.monotonic()
        problems: list[Problem] = []
        here = list(self._walk(problems))
        end = time.monotonic()
        self._looked = (end, end - begin)
        known = ((place, self._told.get(place)) for place in here)
        self._told = {place: told for place, told in known if told is not None and told.lasts}
        self._read(here, tuple(problems), enough)

    def _walk(self, problems: list[Problem]) -> Iterator[Place]:
        """Every place once, however many folders lead to it."""
        seen: set[Path] = set()

        def refused(path: Path, error: OSError) -> None:
            reason = error.strerror or str(error)
            problems.append(UserError("folder_unreadable", folder=str(path), reason=reason).problem)

        for shelf in self._shelves():
            for place in places(shelf, refused):
                if place.path not in seen:
                    seen.add(place.path)
                    yield place

    def _read(
        self, here: Sequence[Place], problems: tuple[Problem, ...], enough: Callable[[], bool]
    ) -> None:
        """Learn what is new, from the index where that knows it, in pieces."""
        new = [place for place in here if place not in self._told]
        looks = self._index.looks(str(place.path) for place in new)
        fresh: list[Look] = []
        shown = time.monotonic()
        for number, place in enumerate(new):
            told = _known(place, looks.get(str(place.path)))
            if told is None:
                told = tell(place, self._memory)
                if told.lasts:
                    fresh.append(Look(str(place.path), _stamps(place), told.model_dump_json()))
            self._told[place] = told
            done = enough()
            if number + 1 < len(new) and (done or time.monotonic() - shown > _PIECE):
                self._show(here, problems, whole=False)
                self._index.keep(fresh)
                fresh, shown = [], time.monotonic()
                if done:
                    return
        self._show(here, problems, whole=True)
        if fresh:
            self._index.keep(fresh)

    def _show(self, here: Sequence[Place], problems: tuple[Problem, ...], whole: bool) -> None:
        told = ((place, self._told.get(place)) for place in here)
        found = Found(tuple((p, t) for p, t in told if t is not None), problems, whole)
        if found != self._found:
            self._found = found


def _known(place: Place, look: Look | None) -> Told | None:
    if look is None or look.stamps != _stamps(place):
        return None
    try:
        return Told.model_validate_json(look.told)
    except ValidationError:
        return None


def _stamps(place: Place) -> str:
    return json.dumps([place.format, place.stamps, place.texts, place.preview])
