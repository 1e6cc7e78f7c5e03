"""Values of extensions that change from frame to frame of an animation.

Where an extension's options have a number, an animation may have a schedule. In a request that was
accepted it stands as `{"$schedule": "0:(1), 30:(0)"}`, with `"$whole": true` where the number is a
whole one, `"$of": 100` where the schedule counts in hundredths of it, as one of percents does,
`"$series"` where a setting of the animation is meant, and `"$first"`, what it is at the first
frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

TEXT, WHOLE, OF, SERIES, FIRST = "$schedule", "$whole", "$of", "$series", "$first"
_KEYS = {TEXT, WHOLE, OF, SERIES, FIRST}
_DEEPEST = 8
FOR_EXTENSIONS = "schedules.extensions."
"""What the names of their series begin with, in an animation's plan."""

Marker = Mapping[str, Any]


def marker(text: str, whole: bool = False, series: str | None = None) -> dict[str, Any]:
    """A schedule in the place of a number."""
    more = {SERIES: series} if series else {}
    return {TEXT: text, **({WHOLE: True} if whole else {}), **more}


def is_marker(value: object) -> bool:
    """Whether a schedule stands here."""
    if not isinstance(value, Mapping) or TEXT not in value:
        return False
    given = cast(Mapping[Any, Any], value)
    return isinstance(given[TEXT], str) and given.keys() <= _KEYS and given.get(OF, 1) in (1, 100)


def markers(
    values: object, path: str = "", deepest: int = _DEEPEST
) -> Iterator[tuple[str, Marker]]:
    """Dotted path and marker of each schedule in plain data."""
    if is_marker(values):
        yield path, cast(Marker, values)
    elif deepest and isinstance(values, Mapping):
        for name, value in cast(Mapping[Any, Any], values).items():
            yield from markers(value, f"{path}.{name}" if path else str(name), deepest - 1)
    elif deepest and isinstance(values, list | tuple):
        for place, value in enumerate(cast(list[Any], values)):
            yield from markers(value, f"{path}.{place}" if path else str(place), deepest - 1)


def mapped(values: Any, change: Callable[[str, Marker], Any], path: str = "") -> Any:
    """A copy of plain data with something else in the place of each schedule."""
    if is_marker(values):
        return change(path, values)
    if isinstance(values, Mapping):
        given = cast(Mapping[Any, Any], values)
        return {
            name: mapped(value, change, f"{path}.{name}" if path else str(name))
            for name, value in given.items()
        }
    if isinstance(values, list | tuple):
        return [
            mapped(value, change, f"{path}.{place}" if path else str(place))
            for place, value in enumerate(cast(list[Any], values))
        ]
    return values


def at_frame(values: Any, number: Callable[[str], float]) -> Any:
    """Plain data with numbers in the places of schedules.

    number: name of a series in the plan -> what it is at the frame.
    """

    def change(path: str, one: Marker) -> float | int:
        value = number(series_of(path, one)) / one.get(OF, 1)
        return round(value) if one.get(WHOLE) else value

    return mapped(values, change)


def at_first(values: Any) -> Any:
    """Plain data with what schedules are at the first frame, where that is known."""
    return mapped(values, lambda path, one: one.get(FIRST, one))


def series_of(path: str, one: Marker) -> str:
    """The series of a plan that a schedule is."""
    return str(one.get(SERIES) or f"{FOR_EXTENSIONS}{path}")


def with_schedules(settings: Mapping[str, Any], extensions: object) -> Mapping[str, Any]:
    """An animation's settings with the schedules of extensions among its own."""
    found = {
        f"extensions.{path}": one[TEXT] for path, one in markers(extensions) if SERIES not in one
    }
    own: object = settings.get("schedules") or {}
    if not found or not isinstance(own, Mapping):
        return settings
    return {**settings, "schedules": {**cast(Mapping[str, Any], own), **found}}
