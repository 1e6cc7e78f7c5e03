"""When models were last used, as the ledger has it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from webui.jobs.records import Asked
from webui.library.entries import Listing, plain

PAGE = 1000
"""Jobs that are read at a time."""

_KINDS: Mapping[str, tuple[str, ...]] = {
    "model": ("checkpoint", "diffusion_model", "controlnet", "ip_adapter"),
    "model_a": ("checkpoint", "diffusion_model"),
    "model_b": ("checkpoint", "diffusion_model"),
    "model_c": ("checkpoint", "diffusion_model"),
    "vae": ("vae",),
    "bake_vae": ("vae",),
    "upscaler": ("upscaler",),
    "upscaler_2": ("upscaler",),
}
"""Fields of requests, wherever in them, and the kinds of models that they name."""
_NO_USE = ("hash", "download", "film", "plot")
"""Kinds of requests that use no model."""
_TAG = re.compile(r"<(?:lora|lyco):([^:<>]+)", re.IGNORECASE)
_WORD = re.compile(r"[\w.-]*\w")


class LastUsed:
    """Reads what is new in the ledger each time it is asked; any thread may."""

    def __init__(self, read: Callable[[int, int], Sequence[Asked]]) -> None:
        """read: jobs after a number, at most so many, in their order."""
        self._read = read
        self._lock = threading.Lock()
        self._after = 0
        self._names: dict[tuple[tuple[str, ...], str], float] = {}
        self._words: dict[str, float] = {}

    def times(self, listing: Listing) -> dict[str, float]:
        """Seconds since 1970 by the id of each model that was used.

        Raises:
            UserError: the ledger cannot be read.
        """
        with self._lock:
            while jobs := self._read(self._after, PAGE):
                for job in jobs:
                    self._take(job)
                    self._after = job.number
            names, words = dict(self._names), dict(self._words)
        times: dict[str, float] = {}

        def used(id: str, at: float) -> None:
            times[id] = max(at, times.get(id, 0.0))

        for (kinds, name), at in names.items():
            row = next((row for kind in kinds if (row := listing.find(kind, name))), None)
            if row is not None:
                used(row.id, at)
                base = listing.entry(row).base if row.place.format == "definition" else None
                if made_of := listing.find("checkpoint", base) if base else None:
                    used(made_of.id, at)
        for row in listing.rows:
            if row.kind == "embedding" and (at := words.get(plain(row.name.rpartition("/")[2]))):
                used(row.id, at)
        return times

    def _take(self, job: Asked) -> None:
        try:
            request: object = json.loads(job.request)
        except ValueError:
            return
        if not isinstance(request, dict) or cast(Any, request).get("kind") in _NO_USE:
            return
        for kinds, name in _named(cast(dict[str, Any], request)):
            into: Any = self._names if kinds else self._words
            key = (kinds, name) if kinds else name
            into[key] = max(job.at, into.get(key, 0.0))


def _named(value: object, field: str = "") -> Iterator[tuple[tuple[str, ...], str]]:
    """Kinds and name of all that a request names; no kinds for words of prompts."""
    if isinstance(value, Mapping):
        for name, one in cast(Mapping[str, Any], value).items():
            yield from _named(one, name)
    elif isinstance(value, list):
        for one in cast(list[Any], value):
            yield from _named(one, field)
    elif isinstance(value, str):
        if field in _KINDS:
            yield _KINDS[field], plain(value)
            return
        yield from ((("lora",), plain(name.strip())) for name in _TAG.findall(value))
        if "prompt" in field:
            yield from (((), word) for word in set(_WORD.findall(plain(value))))
