"""The panel."""

from __future__ import annotations

from webui.ext import Panel, hookimpl

from .options import Options


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "FreeU", "pl": "FreeU"}, options=Options)]
