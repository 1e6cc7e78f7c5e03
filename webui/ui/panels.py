"""Panels of extensions as data for `assets/panels.js`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.core.hookspecs import Panel
from webui.core.panel_fields import panel_fields
from webui.ui.extension_assets import web_address

if TYPE_CHECKING:
    from webui.core.plugins import Extensions


def panels_of(extensions: Extensions) -> list[dict[str, Any]]:
    """Each with what draws it: its fields, or the addresses of its script and sheet and the value
    that it begins with. One that has neither would be an empty fold, and is left out."""
    panels = [_panel(extensions, name, panel) for name, panel in extensions.panels()]
    return [panel for panel in panels if panel["fields"] or "script" in panel]


def _panel(extensions: Extensions, name: str, panel: Panel) -> dict[str, Any]:
    told = {"extension": name, "title": panel.title}
    if panel.script is None:
        return {**told, "fields": panel_fields(panel.options)}
    web = extensions.web_folders()[name]
    files = {"script": panel.script, "style": panel.style}
    urls = {key: web_address(name, web, file) for key, file in files.items() if file}
    fallback = panel.options().model_dump(mode="json")
    return {**told, "fields": [], "fallback": fallback, **urls}
