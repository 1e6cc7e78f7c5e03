"""The request for an X/Y/Z plot: many pictures that differ in up to three settings, as sheets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from webui.core.film import JobId
from webui.core.request import Name, Part, Prompt, Request

MOST_CELLS = 1000
Margin = Annotated[int, Field(ge=0, le=500)]
Labels = tuple[str, ...]


class PlotAxis(Part):
    """A setting and its values.

    Attributes:
        axis: name of the setting, ours (`cfg_scale`, `extensions.freeu.b1`) or AUTOMATIC1111's.
        values: separated by commas; for numbers also ranges: `1-5 (+2)`, `1-10 [5]`.
    """

    axis: Name
    values: Prompt


class Plot(Request):
    """One picture, or several, for each combination of values, and sheets of them.

    What the server fills in, and a client's values do not count for, comes last.

    Attributes:
        base: the request that all have in common.
        x, y, z: what differs from column to column, row to row, sheet to sheet.
        keep_random_seeds: a seed of -1 is drawn for each cell, not once for all.
        vary_x, vary_y, vary_z: the seed grows by one from cell to cell in this direction.
        legend: the values stand beside the pictures.
        margin: pixels between them.
        together: of several sheets, all of them as one, too.
        language: of what stands on them; None: that of the settings.
        columns, rows, layers: what stands beside them.
        fixed: values of an axis of seeds, by the axis's name, after those left open were drawn.
        jobs: of the cells, by column, then by row, then by sheet.
    """

    kind: Literal["plot"] = "plot"
    base: Mapping[str, Any]
    x: PlotAxis | None = None
    y: PlotAxis | None = None
    z: PlotAxis | None = None
    keep_random_seeds: bool = False
    vary_x: bool = False
    vary_y: bool = False
    vary_z: bool = False
    legend: bool = True
    margin: Margin = 0
    together: bool = True
    language: Literal["en", "pl"] | None = None
    columns: Labels = ("",)
    rows: Labels = ("",)
    layers: Labels = ("",)
    fixed: Mapping[str, str] = {}
    jobs: tuple[JobId, ...] = ()

    @property
    def images(self) -> int:
        """Sheets: that of all comes first, as in A1111."""
        several = len(self.layers) > 1 and self.together
        return len(self.layers) + several
