"""From a plot to its cells: what to ask for in each, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from webui.core.errors import UserError
from webui.core.plot import MOST_CELLS, Plot
from webui.core.request import LARGEST_SEED
from webui.plots.axes import Axis, find_axis
from webui.plots.placing import with_value
from webui.plots.reading import read_values

PLACES = ("x", "y", "z")
_SEEDS = ("seed", "variation_seed")
Draw = Callable[[], int]


@dataclass(frozen=True)
class Line:
    """An axis of a plot with its values; without an axis, one cell wide.

    Attributes:
        place: `x`, `y` or `z`.
        labels: what stands beside the pictures.
    """

    place: str
    axis: Axis | None
    values: tuple[Any, ...] = (None,)
    labels: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Cell:
    """One cell: what is asked for in it, and where it is (column, row, sheet)."""

    values: Mapping[str, Any]
    at: tuple[int, int, int]


@dataclass(frozen=True)
class Grid:
    """All of a plot.

    Attributes:
        cells: by column, then row, then sheet.
        order: the cells' places in that list, as they are to be drawn.
        fixed: of axes of seeds, by place: their values after those left open were drawn.
    """

    lines: tuple[Line, Line, Line]
    cells: tuple[Cell, ...]
    order: tuple[int, ...]
    fixed: Mapping[str, str]


def plan(plot: Plot, axes: Sequence[Axis], draw: Draw, language: str = "en") -> Grid:
    """The cells of a plot.

    Args:
        draw: a seed for one that is left open.
        language: of what stands beside the pictures.

    Raises:
        UserError: an axis is none, a value makes no sense, or there are too many cells.
    """
    x, y, z = (_line(plot, place, axes, draw, language) for place in PLACES)
    if all(line.axis is None for line in (x, y, z)):
        raise UserError("plot_no_axis", "x.axis")
    _check_different([x, y, z])
    count = len(x.values) * len(y.values) * len(z.values)
    if count > MOST_CELLS:
        raise UserError("plot_too_large", "x.values", count=count, most=MOST_CELLS)
    base = dict(plot.base) if plot.keep_random_seeds else _with_seeds(plot.base, draw)
    places = product(*(range(len(line.values)) for line in (z, y, x)))
    cells = tuple(_cell(plot, base, (x, y, z), (ix, iy, iz)) for iz, iy, ix in places)
    fixed = {
        line.place: ", ".join(map(str, line.values))
        for line in (x, y, z)
        if line.axis and line.axis.id in _SEEDS and not plot.keep_random_seeds
    }
    return Grid((x, y, z), cells, _order((x, y, z), cells), fixed)


def _line(plot: Plot, place: str, axes: Sequence[Axis], draw: Draw, language: str) -> Line:
    given = getattr(plot, place)
    if given is None:
        return Line(place, None)
    axis = find_axis(axes, given.axis, place)
    typed = given.values if given.values.strip() or axis.id not in _SEEDS else "-1"
    values = read_values(axis, typed, place)
    if axis.id in _SEEDS and not plot.keep_random_seeds:
        values = [draw() if value == -1 else value for value in values]
    labels = tuple(axis.called(value, language) for value in values)
    return Line(place, axis, tuple(values), labels)


def _check_different(lines: Sequence[Line]) -> None:
    seen: set[str] = set()
    for line in lines:
        if line.axis is None or line.axis.kind == "replace":  # several words may be replaced
            continue
        if line.axis.id in seen:
            raise UserError("plot_same_axis", f"{line.place}.axis", **line.axis.said())
        seen.add(line.axis.id)


def _with_seeds(base: Mapping[str, Any], draw: Draw) -> dict[str, Any]:
    """Seeds that are left open are drawn once, so that only what is plotted differs."""
    drawn = {name: draw() for name in _SEEDS if base.get(name) in (None, -1, "-1")}
    return {**base, **drawn}


def _cell(
    plot: Plot, base: Mapping[str, Any], lines: Sequence[Line], at: tuple[int, int, int]
) -> Cell:
    values = dict(base)
    for line, number in zip(lines, at, strict=True):
        if line.axis:
            first = line.values[0]
            values = with_value(values, line.axis, line.values[number], first, line.place)
    return Cell(_varied(plot, values, [len(line.values) for line in lines], at), at)


def _varied(
    plot: Plot, values: dict[str, Any], sizes: Sequence[int], at: tuple[int, int, int]
) -> dict[str, Any]:
    """A1111's way to give each cell a seed of its own."""
    step, more = 1, 0
    for wanted, size, number in zip(
        (plot.vary_x, plot.vary_y, plot.vary_z), sizes, at, strict=True
    ):
        if wanted:
            more += number * step
            step *= size
    seed = values.get("seed")
    if not more or not isinstance(seed, int) or seed == -1:
        return values
    return {**values, "seed": (seed + more) % (LARGEST_SEED + 1)}


def _order(lines: Sequence[Line], cells: Sequence[Cell]) -> tuple[int, ...]:
    """The dearest axis is the outer loop; else sheet by sheet and row by row."""
    costs = [line.axis.cost if line.axis else 0.0 for line in lines]
    outer = sorted(range(3), key=lambda number: (-costs[number], -number))

    def turn(place: int) -> tuple[int, ...]:
        return tuple(cells[place].at[number] for number in outer)

    return tuple(sorted(range(len(cells)), key=turn))
