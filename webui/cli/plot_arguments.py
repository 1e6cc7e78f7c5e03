"""The options of X/Y/Z plots. Imports nothing heavy."""

from __future__ import annotations

import argparse
from typing import Any

PLACES = {"x": "from left to right", "y": "from top to bottom", "z": "from sheet to sheet"}
_SWITCHES = {
    "no-legend": ("legend", False, "leave out the values beside the pictures"),
    "no-joined-sheet": ("together", False, "of several sheets, make no one of all of them"),
    "random-seeds": ("keep_random_seeds", True, "draw another seed for each cell"),
}
PREFIX = "plot_"


def add_plot(parser: argparse.ArgumentParser) -> None:
    """The options of a command whose pictures can be plotted."""
    group = parser.add_argument_group(
        "a plot: a picture for each combination of values, and sheets of them (see docs/plots.md)"
    )
    for place, words in PLACES.items():
        group.add_argument(
            f"--{place}",
            dest=PREFIX + place,
            type=_axis,
            metavar="'SETTING: VALUES'",
            help=f"what differs {words}, as 'Steps: 4-12 [3]' or 'Sampler: Euler a, DPM++ 2M'",
        )
    for name, (field, value, words) in _SWITCHES.items():
        dest = PREFIX + field
        group.add_argument(f"--{name}", dest=dest, action="store_const", const=value, help=words)
    group.add_argument(
        "--vary-seed",
        dest=PREFIX + "vary",
        metavar="xyz",
        type=_directions,
        help="count the seed up from cell to cell in these directions, as x or xy",
    )
    group.add_argument(
        "--margin", dest=PREFIX + "margin", metavar="PIXELS", help="between the cells (0)"
    )


def _axis(text: str) -> dict[str, Any]:
    name, colon, values = text.partition(":")
    if not colon or not name.strip():
        raise argparse.ArgumentTypeError(f"write {text!r} as 'SETTING: VALUES'")
    return {"axis": name.strip(), "values": values.strip()}


def _directions(text: str) -> str:
    if not text or set(text) - PLACES.keys():
        raise argparse.ArgumentTypeError(f"{text!r} is none of x, y, z or several of them")
    return text
