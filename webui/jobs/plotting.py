"""X/Y/Z plots: all cells checked, then written down at once as jobs, with one more for the sheets.

The cells are jobs like others: each is drawn, tried again and told of by itself, and a crash loses
none. The plot waits for them (see `Reading.waiting`), and `sheets` draws what came of them.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from webui.core.errors import Problem, UserError
from webui.core.events import Failed, Job
from webui.core.explain import explain, problem
from webui.core.offers import Offers
from webui.core.plot import Plot
from webui.core.plugins import Extensions
from webui.core.requests import AnyRequest
from webui.core.settings import Settings
from webui.core.texts import LANGUAGES, choose_language, text
from webui.jobs.checks import DEFAULT_KIND, Refused
from webui.jobs.filling import DRAWN_SEEDS
from webui.jobs.records import Writing
from webui.library.catalog import Catalog
from webui.plots.axes import Axis, Choice, Menus, axes_of, kinds_with_axes
from webui.plots.planning import Grid, plan

Accept = Callable[[Mapping[str, Any]], AnyRequest]
"""From values to a complete request; raises Refused."""
Rewrite = Callable[[AnyRequest], tuple[AnyRequest, UserError | None]]
"""As extensions want it; as it was, with the error, where one fails."""


class Around(NamedTuple):
    """What axes are made of."""

    offers: Offers
    catalog: Catalog
    extensions: Extensions
    settings: Settings


class Planned(NamedTuple):
    """A plot with what was filled in, and its cells."""

    plot: Plot
    grid: Grid


class Asked(NamedTuple):
    """A plot that was accepted: its cells' requests, by column, row and sheet."""

    plot: Plot
    cells: tuple[tuple[AnyRequest, UserError | None], ...]
    order: tuple[int, ...]


def all_axes(kind: str, around: Around) -> list[Axis]:
    """What can be varied in a kind of request.

    Raises:
        UserError: there are no plots of that kind.
    """
    if kind not in kinds_with_axes():
        raise UserError("plot_kind", "base", kind=kind[:60], kinds=", ".join(kinds_with_axes()))
    return axes_of(kind, menus_of(around), around.extensions.panels())


def menus_of(around: Around) -> Menus:
    """What axes that are menus offer."""
    offers = around.offers
    own = {language: text("ui.vae.automatic", language) for language in LANGUAGES}
    vaes = around.catalog.entries("vae", limit=None).entries
    return {
        "sampler": [Choice(one.name, aliases=one.aliases) for one in offers.samplers],
        "schedule": [Choice(one.name, aliases=one.aliases) for one in offers.schedules],
        "upscaler": [Choice(one.name, aliases=one.aliases) for one in offers.upscalers],
        "model": [
            Choice(one.id, one.card.title, _names(one.id, one.hash))
            for one in around.catalog.models()
            if not one.problem
        ],
        "vae": [
            Choice(None, own, ("Automatic",)),
            Choice("None"),
            *(Choice(one.name, aliases=_names(one.name)) for one in vaes if not one.problem),
        ],
    }


def _names(id: str, hash: str | None = None) -> tuple[str, ...]:
    """A model as A1111 calls it: its file, its short hash."""
    name = id.rpartition("/")[2]
    hashes = (hash,) if hash else ()
    return (name, f"{name}.safetensors", f"{id}.safetensors", f"{name}.ckpt", *hashes)


def planned(values: Mapping[str, Any], around: Around) -> Planned:
    """The plot that a client asks for, its cells not checked yet.

    Raises:
        Refused: something in it does not fit.
    """
    own = ("columns", "rows", "layers", "fixed", "jobs")
    try:
        plot = Plot.model_validate({name: one for name, one in values.items() if name not in own})
    except ValidationError as error:
        raise Refused(explain(error, Plot)) from error
    language = plot.language or choose_language(around.settings.language, "")
    try:
        axes = all_axes(str(plot.base.get("kind") or DEFAULT_KIND), around)
        grid = plan(plot, axes, lambda: secrets.randbelow(DRAWN_SEEDS), language)
    except UserError as error:
        raise Refused([error.problem]) from error
    columns, rows, layers = (line.labels for line in grid.lines)
    labels = {line.place: line.axis.label for line in grid.lines if line.axis}
    named = {
        place: {**getattr(plot, place).model_dump(), "axis": label}
        for place, label in labels.items()
    }
    filled = {"columns": columns, "rows": rows, "layers": layers, "fixed": grid.fixed}
    return Planned(plot.with_(**filled, **named), grid)


def asked(made: Planned, accept: Accept, rewrite: Rewrite) -> Asked:
    """The plot with all its cells' requests.

    Raises:
        Refused: one of them does not fit; which one is said, if it is not all of them.
    """
    cells: list[tuple[AnyRequest, UserError | None]] = []
    for cell in made.grid.cells:
        try:
            cells.append(rewrite(accept(cell.values)))
        except Refused as refused:
            raise Refused(_of_cell(made, cell.at, refused.problems, accept)) from refused
    return Asked(made.plot, tuple(cells), made.grid.order)


def _of_cell(
    made: Planned, at: tuple[int, int, int], problems: Sequence[Problem], accept: Accept
) -> list[Problem]:
    """What is wrong with a cell, and in which one, unless it is wrong with the base itself."""
    try:
        accept(made.plot.base)
    except Refused as refused:
        if {one.code for one in refused.problems} >= {one.code for one in problems}:
            return list(problems)
    labels = zip((made.plot.columns, made.plot.rows, made.plot.layers), at, strict=True)
    name = " / ".join(named for texts, place in labels if (named := texts[place]))
    return [*problems, problem("plot_in_cell", cell=name[:200])]


def add_plot(writing: Writing, owner: str, priority: int, accepted: Asked) -> Job:
    """Write down the cells in the order in which they are drawn, and the plot that waits for them.

    A cell that an extension failed on is a job that failed: a gap on the sheet.
    """
    ids = [secrets.token_hex(16) for _ in accepted.cells]
    now = time.time()
    for place in accepted.order:
        request, error = accepted.cells[place]
        writing.add_job(ids[place], owner, request, priority, now)
        if error is not None:
            writing.end(Failed(job=ids[place], problem=error.problem), now)
    id = secrets.token_hex(16)
    writing.add_job(id, owner, accepted.plot.with_(jobs=tuple(ids)), priority, time.time())
    return writing.job(id)
