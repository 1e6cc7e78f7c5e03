"""How a request names a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

from pydantic import Field

STORED = r"sha256:[0-9a-f]{64}"
RESULT = r"picture:[0-9a-f]{32}-\d{1,6}"

PATTERN = rf"^(?:{STORED}|{RESULT})$"
PictureRef = Annotated[str, Field(pattern=PATTERN)]
"""`sha256:…` is a stored picture (see `webui.library.store`), `picture:…` a result by its id.
In an accepted request there are stored ones only: results may be deleted."""


_REF = re.compile(rf"{STORED}|{RESULT}")
_DEEPEST = 8
"""Groups within groups of an extension's values in which pictures are looked for."""


def refs_in(values: object, path: str, deepest: int = _DEEPEST) -> Iterator[tuple[str, str]]:
    """Dotted path and name of each picture named anywhere in plain data."""
    if isinstance(values, str):
        if _REF.fullmatch(values):
            yield path, values
    elif deepest and isinstance(values, Mapping):
        for name, value in cast(Mapping[Any, Any], values).items():
            if "." not in str(name):  # it could not be found again by its path
                yield from refs_in(value, f"{path}.{name}", deepest - 1)
    elif deepest and isinstance(values, list | tuple):
        for place, value in enumerate(cast(list[Any], values)):
            yield from refs_in(value, f"{path}.{place}", deepest - 1)


def replaced(values: dict[str, Any], refs: Mapping[str, str]) -> dict[str, Any]:
    """Plain data with other values at some dotted paths (all of which exist)."""
    for path, ref in refs.items():
        _put(values, path, ref)
    return values


def _put(values: dict[Any, Any] | list[Any], path: str, ref: str) -> None:
    """Set a value; the groups on the way to it are copied first, for others may hold them."""
    group = cast(Any, values)
    if isinstance(values, dict) and path in values:  # names may have dots, as those of files do
        group[path] = ref
        return
    first, dot, rest = path.partition(".")
    place = int(first) if isinstance(values, list) else first
    if not dot:
        group[place] = ref
        return
    inner = group[place]
    copied = cast(Any, dict if isinstance(inner, Mapping) else list)(inner)
    group[place] = copied
    _put(copied, rest, ref)
