"""The values of an axis, each checked before the first picture: what is wrong is said by place."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from typing import Any

from webui.core.errors import UserError
from webui.core.plot import MOST_CELLS
from webui.plots.axes import Axis
from webui.plots.values import BadRange, decimal_numbers, split, whole_numbers

SHOWN = 60
"""Characters of what was typed that are said back."""
_CHOICES_SHOWN = 12
_SWITCH = {
    **dict.fromkeys(("true", "on", "yes", "1", "tak"), True),
    **dict.fromkeys(("false", "off", "no", "0", "nie"), False),
}
_SIZE = re.compile(r"(\d{2,5})\s*[x×*]\s*(\d{2,5})", re.IGNORECASE | re.ASCII)
_HASH = re.compile(r"\s*\[[0-9a-fA-F]{4,64}\]$")
_LARGEST_ORDER = 6
"""Words whose orders are all drawn: 720."""


def read_values(axis: Axis, typed: str, place: str) -> list[Any]:
    """The values that were typed.

    place: `x`, `y` or `z`, for the sentences.

    Raises:
        UserError: one makes no sense, or there are none or too many.
    """
    try:
        parts = split(typed)
    except csv.Error as error:
        raise _wrong("axis_list", axis, place) from error
    if axis.kind in ("replace", "order"):
        values = _of_prompt(axis, parts, place)
    else:
        values = [
            value
            for position, part in enumerate(parts, 1)
            if part or axis.kind == "text"
            for value in _read(axis, part, position, place)
        ]
    if not values:
        raise _wrong("axis_empty", axis, place)
    if len(values) > MOST_CELLS:
        raise _wrong("axis_too_many", axis, place, count=len(values), most=MOST_CELLS)
    return values


def _of_prompt(axis: Axis, parts: list[str], place: str) -> list[Any]:
    if axis.kind == "replace":
        return parts
    words = [part for part in parts if part]
    if len(words) > _LARGEST_ORDER:
        raise _wrong("axis_order_long", axis, place, count=len(words), most=_LARGEST_ORDER)
    return list(permutations(words))


def _read(axis: Axis, part: str, position: int, place: str) -> Iterator[Any]:
    def wrong(code: str, **more: Any) -> UserError:
        return _wrong(code, axis, place, position=position, given=part[:SHOWN], **more)

    if axis.kind in ("integer", "number"):
        for value in _numbers(axis, part, wrong):
            _check_bounds(axis, value, wrong)
            yield value
    else:
        yield _ONES[axis.kind](axis, part, wrong)


_Wrong = Callable[..., UserError]


def _numbers(axis: Axis, part: str, wrong: _Wrong) -> list[Any]:
    whole = axis.kind == "integer"
    try:
        found = (whole_numbers if whole else decimal_numbers)(part, MOST_CELLS)
    except BadRange as error:
        raise wrong(error.code, most=MOST_CELLS) from error
    if found is not None:
        return list(found)
    try:
        value = int(part) if whole else float(part)
    except ValueError:
        raise wrong("axis_not_whole" if whole else "axis_not_number") from None
    if not math.isfinite(value):
        raise wrong("axis_not_number")
    return [value]


def _check_bounds(axis: Axis, value: float, wrong: _Wrong) -> None:
    if axis.low is not None and value < axis.low:
        raise wrong("axis_too_small", value=f"{value:g}", limit=f"{axis.low:g}")
    if axis.high is not None and value > axis.high:
        raise wrong("axis_too_large", value=f"{value:g}", limit=f"{axis.high:g}")
    if axis.step and axis.kind == "integer" and value % axis.step:
        raise wrong("axis_not_multiple", value=f"{value:g}", step=f"{axis.step:g}")


def _switch(axis: Axis, part: str, wrong: _Wrong) -> bool:
    if part.casefold() not in _SWITCH:
        raise wrong("axis_not_switch")
    return _SWITCH[part.casefold()]


def _choice(axis: Axis, part: str, wrong: _Wrong) -> Any:
    wanted = {part.casefold(), _HASH.sub("", part).casefold()}
    for one in axis.choices:
        if wanted & {name.casefold() for name in one.names()}:
            return one.value
    named = [str(one.value) for one in axis.choices]
    more = ", …" if len(named) > _CHOICES_SHOWN else ""
    raise wrong("axis_not_choice", choices=", ".join(named[:_CHOICES_SHOWN]) + more)


def _size(axis: Axis, part: str, wrong: _Wrong) -> str:
    found = _SIZE.fullmatch(part)
    if not found:
        raise wrong("axis_not_size")
    for side in (int(found[1]), int(found[2])):
        if not 64 <= side <= 2048 or side % 8:
            raise wrong("axis_bad_side")
    return f"{found[1]}x{found[2]}"


_ONES: Mapping[str, Callable[[Axis, str, _Wrong], Any]] = {
    "toggle": _switch,
    "choice": _choice,
    "size": _size,
    "text": lambda axis, part, wrong: part,
}


def _wrong(code: str, axis: Axis, place: str, **more: Any) -> UserError:
    return UserError(code, f"{place}.values", **axis.said(), **more)
