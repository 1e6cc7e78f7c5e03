"""The values of extensions in an animation: which of them are schedules, and whether they fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import numpy as np

from webui.core.animation import Animation
from webui.core.errors import Problem, UserError
from webui.core.plugins import Extensions
from webui.core.scheduled import FIRST, at_frame, is_marker, mapped, marker, markers, series_of
from webui.timeline.plan import Plan

_LIKE_A_SCHEDULE = re.compile(r"\s*-?[\d.]+\s*:\s*\(")
"""A text where the options say nothing of what stands there."""
_EVENLY = 200
"""Frames that are looked at, besides those where a value is the largest or the smallest."""

Schema = Mapping[str, Any]


def with_markers(request: Animation, extensions: Extensions) -> Animation:
    """The request with texts in the places of numbers as schedules."""
    changed = _marked(request.extensions, extensions)
    return request.with_(extensions=changed) if changed else request


def without_schedules(
    values: Mapping[str, Mapping[str, Any]], extensions: Extensions
) -> Mapping[str, Mapping[str, Any]]:
    """What extensions are told in an animation, but for what changes over its frames."""
    return _bare(_marked(values, extensions))


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        given = cast(Mapping[str, Any], value)
        return {name: _bare(one) for name, one in given.items() if not is_marker(one)}
    if isinstance(value, list | tuple):
        return [_bare(one) for one in cast(list[Any], value)]
    return value


def _marked(values: Mapping[str, Mapping[str, Any]], extensions: Extensions) -> dict[str, Any]:
    panels = dict(extensions.panels())
    changed: dict[str, Any] = {}
    for name, own in values.items():
        schema: Schema = {}
        if name in panels:
            schema = panels[name].options.model_json_schema()
        changed[name] = _read(own, schema, schema)
    return changed


def _read(value: Any, schema: Schema, root: Schema) -> Any:
    if is_marker(value):
        return value
    ways = list(_ways(schema, root))
    if isinstance(value, str):
        return _text(value, ways)
    if isinstance(value, Mapping):
        given = cast(Mapping[str, Any], value)
        return {name: _read(one, _part(ways, name), root) for name, one in given.items()}
    if isinstance(value, list | tuple):
        given = cast(list[Any], value)
        return [_read(one, _item(ways, place), root) for place, one in enumerate(given)]
    return value


def _ways(schema: Schema, root: Schema) -> Iterator[Schema]:
    """What may stand in a place, references followed."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        yield from _ways(root.get("$defs", {}).get(name, {}), root)
    for several in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(several, ()):
            yield from _ways(one, root)
    if "type" in schema or "enum" in schema or "const" in schema:
        yield schema


def _part(ways: list[Schema], name: str) -> Schema:
    for way in ways:
        if name in way.get("properties", {}):
            return way["properties"][name]
        if isinstance(more := way.get("additionalProperties"), Mapping):
            return cast(Schema, more)
    return {}


def _item(ways: list[Schema], place: int) -> Schema:
    """What may stand in a list's place: of a tuple in each place its own."""
    for way in ways:
        if place < len(own := way.get("prefixItems", ())):
            return own[place]
        if isinstance(more := way.get("items"), Mapping):
            return cast(Schema, more)
    return {}


def _text(value: str, ways: list[Schema]) -> Any:
    types = {str(way.get("type", "string")) for way in ways}
    if not types:
        return marker(value) if _LIKE_A_SCHEDULE.match(value) else value
    if "string" in types or not types & {"number", "integer"}:
        return value
    return marker(value, whole="number" not in types)


def problems_in_frames(
    request: Animation, plan: Plan, extensions: Extensions
) -> tuple[Animation, list[Problem]]:
    """The request with what its schedules are at the first frame; and what does not fit an
    extension, at the first frame where it does not."""
    if not request.extensions:
        return request, []
    found = dict(markers(request.extensions))
    names = {series_of(path, one) for path, one in found.items()}
    for frame in _frames(plan, names):
        problems = extensions.problems_with(_values(request, plan, frame))
        if problems:
            return request, [_in_frame(one, frame) if found else one for one in problems]

    def first(path: str, one: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**one, FIRST: at_frame(one, lambda _: _number(plan, series_of(path, one), 0))}

    return request.with_(extensions=mapped(request.extensions, first)), []


def _values(request: Animation, plan: Plan, frame: int) -> Any:
    return at_frame(request.extensions, lambda name: _number(plan, name, frame))


def _number(plan: Plan, name: str, frame: int) -> float:
    return float(plan.series[name][frame])


def _frames(plan: Plan, names: set[str]) -> list[int]:
    """Where values are at an end of their range, or no numbers, and some more."""
    if not names:
        return [0]
    at = set(
        np.linspace(0, plan.frames - 1, min(plan.frames, _EVENLY)).round().astype(int).tolist()
    )
    for name in names:
        series = plan.series[name]
        at |= {int(np.argmin(series)), int(np.argmax(series))}  # NaN is found by either
    return sorted(at)


def _in_frame(problem: Problem, frame: int) -> Problem:
    reason = problem.values.get("reason")
    if reason is None:
        return problem
    told = {**problem.values, "reason": f"{reason} (frame {frame})"}
    return UserError(problem.code, problem.field, **told).problem
