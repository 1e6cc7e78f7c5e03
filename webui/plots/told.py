"""What a sheet's parameters say of its plot, in A1111's words, and what such words mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from webui.core.plot import Plot
from webui.prompt.infotext import Value, quote

SCRIPT = "X/Y/Z plot"
_PLACES = ("x", "y", "z")
_LAST = ", Version: "


def told(plot: Plot, whole: bool) -> dict[str, Value]:
    """The values that a sheet adds to the parameters of its first picture.

    whole: the sheet has all sheets in it, and tells of the third axis, too.
    """
    said: dict[str, Value] = {"Script": SCRIPT}
    for place in _PLACES if whole else _PLACES[:2]:
        axis = getattr(plot, place)
        if axis is None:
            continue
        name = place.upper()
        said[f"{name} Type"] = axis.axis
        said[f"{name} Values"] = axis.values
        if fixed := plot.fixed.get(place):
            said[f"Fixed {name} Values"] = fixed
    return said


def with_told(infotext: str, said: Mapping[str, Value]) -> str:
    """Parameters with more values, before the version as A1111 has them."""
    listed = ", ".join(f"{key}: {quote(value)}" for key, value in said.items())
    before, found, after = infotext.rpartition(_LAST)
    if not found:
        return ", ".join(part for part in (infotext, listed) if part)
    return f"{before}, {listed}{_LAST}{after}"


def read_told(values: Mapping[str, Value]) -> dict[str, Any] | None:
    """The axes that parameters tell of; None where they are of no plot."""
    if str(values.get("Script")) != SCRIPT:
        return None
    axes: dict[str, Any] = {}
    for place in _PLACES:
        name = place.upper()
        kind, typed = values.get(f"{name} Type"), values.get(f"{name} Values")
        if kind is not None and str(kind) != "Nothing":
            axes[place] = {"axis": str(kind), "values": _typed(values, name, typed)}
    return axes


def _typed(values: Mapping[str, Value], name: str, typed: Value) -> str:
    if typed is not None:
        return str(typed)
    sides: Sequence[Value] = [values.get(f"{name} Values-{side}") for side in (1, 2)]
    return "x".join(map(str, sides)) if None not in sides else ""  # one size was read as two values
