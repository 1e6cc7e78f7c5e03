"""The panel."""

from __future__ import annotations

from webui.ext import Panel, hookimpl

from .options import Options


@hookimpl
def register_panels() -> list[Panel]:
    title = {"en": "Tiled diffusion", "pl": "Rysowanie kafelkami"}
    return [Panel(title=title, options=Options)]
