"""A value put into its place in a request's plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from webui.core.errors import UserError
from webui.plots.axes import Axis

_SWITCHED = ("hires", "refiner", "loopback", "soft")
"""Parts of a request that are not there while they are switched off."""
_FIRST = frozenset({"refiner.model"})
"""Fields that switch their part on by themselves."""


def with_value(values: Mapping[str, Any], axis: Axis, value: Any, first: Any, place: str) -> Any:
    """A copy with one more value.

    Args:
        first: of the axis's values; what a search looks for.
        place: `x`, `y` or `z`, for the sentences.

    Raises:
        UserError: the request has no such place, or its prompt not these words.
    """
    if axis.kind == "replace":
        return _replaced(values, axis, str(first), str(value), place)
    if axis.kind == "order":
        return {**values, "prompt": _ordered(values, axis, value, place)}
    if axis.kind == "size":
        width, height = map(int, str(value).split("x"))
        return {**values, "width": width, "height": height}
    part = axis.id.partition(".")[0]
    if part in _SWITCHED and axis.id not in _FIRST and not values.get(part):
        raise UserError("axis_part_off", f"{place}.axis", **axis.said())
    return _put(values, axis.id.split("."), value, axis, place)


def _replaced(
    values: Mapping[str, Any], axis: Axis, first: str, value: str, place: str
) -> dict[str, Any]:
    prompts = {name: str(values.get(name) or "") for name in ("prompt", "negative_prompt")}
    if not first or not any(first in one for one in prompts.values()):
        raise UserError("axis_not_found", f"{place}.values", words=first[:60], **axis.said())
    return {**values, **{name: one.replace(first, value) for name, one in prompts.items()}}


def _ordered(values: Mapping[str, Any], axis: Axis, order: tuple[str, ...], place: str) -> str:
    """The prompt with its words in another order: each stands where one of them stood."""
    rest = str(values.get("prompt") or "")
    for words in order:
        if words not in rest:
            raise UserError("axis_not_found", f"{place}.values", words=words[:60], **axis.said())
    parts: list[str] = []
    for words in sorted(order, key=rest.find):
        before, found, after = rest.partition(words)
        if not found:  # it was part of another one
            raise UserError("axis_not_found", f"{place}.values", words=words[:60], **axis.said())
        parts.append(before)
        rest = after
    return "".join(f"{before}{words}" for before, words in zip(parts, order, strict=True)) + rest


def _put(group: Any, path: list[str], value: Any, axis: Axis, place: str) -> Any:
    """A copy of the group with the value in it; groups that are missing are made, entries not."""
    if not path:
        return value
    name, *rest = path
    if name.isdecimal():
        entries = list(cast(Any, group)) if isinstance(group, list | tuple) else []
        if int(name) >= len(entries):
            raise UserError("axis_no_entry", f"{place}.axis", number=int(name) + 1, **axis.said())
        entries[int(name)] = _put(entries[int(name)], rest, value, axis, place)
        return entries
    members = dict(cast(Mapping[str, Any], group)) if isinstance(group, Mapping) else {}
    return {**members, name: _put(members.get(name), rest, value, axis, place)}
