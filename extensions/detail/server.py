"""The panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webui.ext import Panel, hookimpl

from .options import Options
from .told import read


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "Detail pass", "pl": "Poprawa szczegółów"}, options=Options)]


@hookimpl
def read_parameters(parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
    return read(parameters)
