"""The panel."""

from __future__ import annotations

from webui.ext import Panel, hookimpl

from .options import Options


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "Detail pass", "pl": "Poprawa szczegółów"}, options=Options)]
