"""X/Y/Z plots: what can be varied, and what a plot would be. It is asked for as other jobs are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from webui.api.bodies import DescribedRoute, JsonObject, described
from webui.api.context import ServicesHere
from webui.api.errors import BODY, may_answer
from webui.jobs.checks import DEFAULT_KIND
from webui.jobs.plotting import all_axes, planned
from webui.plots.axes import Axis, Kind

router = APIRouter(route_class=DescribedRoute, tags=["plots"])


class AxisChoice(BaseModel):
    """A value of a menu."""

    value: str | None = Field(description="Null: what suits; `Automatic` in a list of values")
    title: dict[str, str] = Field(description="By language; empty where the value is its own name")


class AxisView(BaseModel):
    """A setting that can be varied."""

    id: str = Field(description="Its place in a request")
    kind: Kind
    title: dict[str, str] = Field(description="By language")
    label: str = Field(description="Its name in parameters; AUTOMATIC1111's where it has one")
    min: float | None
    max: float | None
    choices: tuple[AxisChoice, ...] = Field(description="Of a menu")
    cost: float = Field(description="Of a change, beside a picture: dear ones change least often")

    @classmethod
    def of(cls, axis: Axis) -> AxisView:
        """The axis as an answer."""
        choices = tuple(
            AxisChoice(value=None if one.value is None else str(one.value), title={**one.title})
            for one in axis.choices
        )
        named = {"id": axis.id, "kind": axis.kind, "title": {**axis.title}, "label": axis.label}
        return cls(**named, min=axis.low, max=axis.high, choices=choices, cost=axis.cost)  # pyright: ignore


class AxisList(BaseModel):
    """All settings of a kind of request that can be varied."""

    axes: tuple[AxisView, ...]


class PlotView(BaseModel):
    """What a plot would be."""

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    layers: tuple[str, ...]
    cells: int
    pictures: int = Field(description="Of all cells; sheets do not count")
    sheets: int


@router.get("/plots/axes", responses=may_answer(422))
def list_axes(
    services: ServicesHere,
    kind: Annotated[str, Query(description="Of the request that is varied")] = DEFAULT_KIND,
) -> AxisList:
    """What can be varied in a kind of request, extensions' fields among it."""
    return AxisList(axes=tuple(map(AxisView.of, all_axes(kind, services.jobs.around()))))


@router.post("/plots/plan", openapi_extra=described("Plot"), responses=may_answer(*BODY))
def plan_plot(services: ServicesHere, values: JsonObject) -> PlotView:
    """How many pictures a plot would have, and what would stand beside them; nothing is drawn."""
    plot, grid = planned(values, services.jobs.around())
    return PlotView(
        columns=plot.columns,
        rows=plot.rows,
        layers=plot.layers,
        cells=len(grid.cells),
        pictures=sum(_pictures_of(cell.values) for cell in grid.cells),
        sheets=plot.images,
    )


def _pictures_of(values: Mapping[str, Any]) -> int:
    """As far as it can be told before the cell is checked."""
    loopback: Any = values.get("loopback")
    loops: Any = loopback.get("loops", 4) if isinstance(loopback, Mapping) else 1  # pyright: ignore
    counts: list[Any] = [values.get("batch_count"), values.get("batch_size"), loops]
    count = 1
    for one in counts:
        count *= one if isinstance(one, int) and one > 0 else 1
    return count
