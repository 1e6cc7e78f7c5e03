"""What `webui extensions` takes."""

from __future__ import annotations

import argparse
from pathlib import Path

from webui.cli.actions import actions_of, added

_WORDS = {
    "list": "all extensions, on, off or broken, and why",
    "new": "write a small extension that works, with tests, to begin with",
    "check": "run the tests of the contract on extensions, and their own",
    "install": "show what installing an extension would do and, with consent, do it",
    "update": "the same for one that is installed, from where it came from",
    "remove": "take extensions away that were installed",
    "restore": "bring back what was there before the last install, update or removal",
    "enable": "switch extensions on",
    "disable": "switch extensions off",
    "release": "let extensions that failed again and again take part anew",
    "run": "run a command that an extension adds",
}
NAMED = ("enable", "disable", "release", "check", "remove", "restore")
"""Actions on extensions that are named."""
_JSON = ("list", "enable", "disable", "release", "install", "update")


def add_extensions(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    for name, action in added(actions_of(parser), _WORDS):
        if name in _JSON:
            action.add_argument("--json", action="store_true", help="print JSON, a line for each")
        if name in NAMED:
            words = "name, or folder" if name == "check" else None
            action.add_argument("names", nargs="+", metavar="NAME", help=words)
        _add_own(action, name)


def _add_own(action: argparse.ArgumentParser, name: str) -> None:
    if name == "run":
        action.add_argument("name", metavar="NAME", help="of the extension")
        action.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND …", default=[])
    if name == "new":
        action.add_argument("name", metavar="NAME", help="small letters, digits and _")
        words = "write it below this folder (the user's extensions)"
        action.add_argument("--out", type=Path, metavar="DIR", help=words)
    if name == "install":
        action.add_argument("source", metavar="SOURCE", help="a folder, a zip file, a git address")
    if name == "update":
        action.add_argument("name", metavar="NAME")
    if name in ("install", "update"):
        action.add_argument("--yes", action="store_true", help="consent to what is shown")
