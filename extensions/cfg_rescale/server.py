"""The panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webui.ext import Panel, hookimpl, read_options

from .options import Options


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "CFG rescale", "pl": "Przeskalowanie CFG"}, options=Options)]


@hookimpl
def read_parameters(parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
    return read_options(Options, {"CFG Rescale": "share"}, parameters)
