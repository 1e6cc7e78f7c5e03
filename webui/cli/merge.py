"""`webui models merge` and `webui models convert`: a model written as a job of the server."""

from __future__ import annotations

import argparse
from typing import Any

from webui.cli.download import follow
from webui.cli.generate import Open
from webui.core.requests import KINDS

_FILES = (".safetensors", ".ckpt")


def run(options: argparse.Namespace, open_door: Open, language: str) -> int:
    """Write it and print where it lies; the exit code is that of `webui.cli.download.follow`."""
    return follow(values_of(options), "json" in options, open_door, language)


def values_of(options: argparse.Namespace) -> dict[str, Any]:
    """The request, as the command line says it."""
    fields = KINDS[options.action].model_fields
    values = {name: value for name, value in vars(options).items() if name in fields}
    values = {name: value for name, value in values.items() if value is not None}
    if out := getattr(options, "out", None):
        folder, _, name = out.replace("\\", "/").rpartition("/")
        for ending in _FILES:
            name = name.removesuffix(ending)
        values |= {"file_name": name} | ({"folder": folder} if folder else {})
    return {"kind": options.action, **values}
