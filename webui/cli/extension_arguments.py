"""What `webui extensions` takes."""

from __future__ import annotations

import argparse
from collections.abc import Callable

_WORDS = {
    "list": "all extensions, on, off or broken, and why",
    "enable": "switch extensions on",
    "disable": "switch extensions off",
    "release": "let extensions that failed again and again take part anew",
    "run": "run a command that an extension adds",
}
NAMED = ("enable", "disable", "release")
"""Actions on extensions that are named."""


def add_extensions(
    parser: argparse.ArgumentParser, add_folders: Callable[[argparse.ArgumentParser], None]
) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, meaning in _WORDS.items():
        action = actions.add_parser(
            name,
            help=meaning,
            description=f"{meaning[0].upper()}{meaning[1:]}.",
            argument_default=argparse.SUPPRESS,
        )
        add_folders(action)
        if name == "run":
            _add_run(action)
            continue
        action.add_argument("--json", action="store_true", help="print one line of JSON for each")
        if name in NAMED:
            action.add_argument("names", nargs="+", metavar="NAME")


def _add_run(action: argparse.ArgumentParser) -> None:
    action.add_argument("name", metavar="NAME", help="of the extension")
    action.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND …", default=[])
