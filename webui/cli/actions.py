"""Commands that have actions of their own (`webui models list`), and the folders that all take."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

Actions: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What `argparse` has no other name for."""


def actions_of(parser: argparse.ArgumentParser) -> Actions:
    """Let a command have actions, of which one is to be named."""
    return parser.add_subparsers(dest="action", metavar="ACTION", required=True)


def added(
    actions: Actions, words: Mapping[str, str], more: str = ""
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Add actions: their names and parsers, one after the other.

    Args:
        words: name -> what it does.
        more: is said of it in its own help.
    """
    for name, meaning in words.items():
        action = actions.add_parser(
            name,
            help=meaning,
            description=f"{meaning[0].upper()}{meaning[1:]}{more}.",
            argument_default=argparse.SUPPRESS,
        )
        add_folders(action)
        yield name, action


def add_folders(parser: argparse.ArgumentParser) -> None:
    """Add where things lie."""
    folders = parser.add_argument_group("folders")
    words = {
        "data": "settings, history and, unless told otherwise, models and pictures",
        "models": "your models (checkpoints/, loras/, …)",
        "outputs": "where pictures are saved",
    }
    for name, meaning in words.items():
        folders.add_argument(
            f"--{name}-dir", type=Path, metavar="DIR", help=meaning, default=argparse.SUPPRESS
        )
