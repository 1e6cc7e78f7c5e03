"""X/Y/Z plots from the shell: `--x "Steps: 4-12 [3]"` makes a plot of what the command asks for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

from webui.cli.asking import Ask, spoken
from webui.cli.plot_arguments import PLACES, PREFIX
from webui.core.errors import UserError
from webui.core.events import Job
from webui.core.plot import Plot


def plotted(asks: Sequence[Ask], options: argparse.Namespace) -> list[Ask]:
    """The jobs as plots, where the command line names an axis.

    Raises:
        UserError: it says how a plot is to be, and names no axis.
    """
    given = {
        name.removeprefix(PREFIX): value
        for name, value in vars(options).items()
        if name.startswith(PREFIX)
    }
    if not given:
        return list(asks)
    if not given.keys() & PLACES.keys():
        raise UserError("plot_no_axis", "x.axis")
    directions: str = given.pop("vary", "")
    given |= {f"vary_{place}": True for place in directions}
    return [replace(ask, plot={**given, **spoken(options)}) for ask in asks]


def cells_of(job: Job) -> frozenset[str]:
    """The jobs that a plot is made of; none of any other job."""
    return frozenset(job.request.jobs if isinstance(job.request, Plot) else ())
