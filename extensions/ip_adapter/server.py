"""The panel, and what can be said of a request before it waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webui.ext import AnyRequest, Drawing, ModelUse, Panel, UserError, hookimpl

from .options import Options, used


@hookimpl
def register_panels() -> list[Panel]:
    title = {"en": "Image prompts (IP-Adapter)", "pl": "Obraz jako opis (IP-Adapter)"}
    return [Panel(title=title, options=Options)]


@hookimpl
def models_of(options: Mapping[str, Any], values: Mapping[str, Any]) -> list[ModelUse]:
    return used(options)


@hookimpl
def serve_references(request: AnyRequest) -> bool:
    """Pictures that the prompt names are shown to units that have none of their own."""
    units = Options.model_validate(dict(request.extensions.get("ip_adapter", {}))).units
    return any(not unit.images for unit in units)


@hookimpl
def rewrite_request(request: AnyRequest, options: Options) -> None:
    """Change nothing; say what is missing.

    Raises:
        UserError: a unit has no IP-Adapter, or no picture.
    """
    if not isinstance(request, Drawing):
        return
    for number, unit in enumerate(options.units):
        if not unit.model:
            raise UserError("ip_adapter_no_model", number=number + 1)
        if not unit.images and not request.references:
            raise UserError("ip_adapter_no_picture", number=number + 1)
