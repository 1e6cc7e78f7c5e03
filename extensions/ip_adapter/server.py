"""The panel, and what can be said of a request before it waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webui.ext import AnyRequest, Drawing, ModelUse, Panel, UserError, hookimpl

from .options import Options, used
from .told import read


@hookimpl
def register_panels() -> list[Panel]:
    title = {"en": "Image prompts (IP-Adapter)", "pl": "Obraz jako opis (IP-Adapter)"}
    return [Panel(title=title, options=Options)]


@hookimpl
def models_of(options: Mapping[str, Any], values: Mapping[str, Any]) -> list[ModelUse]:
    return used(options)


@hookimpl
def read_parameters(parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
    return read(parameters)


@hookimpl
def serve_references(request: AnyRequest) -> bool:
    """Pictures that the prompt names are shown to units that have none of their own."""
    units = Options.model_validate(dict(request.extensions.get("ip_adapter", {}))).units
    return any(not unit.pictures for unit in units)


@hookimpl
def rewrite_request(request: AnyRequest, options: Options) -> None:
    """Change nothing; say what is missing.

    Raises:
        UserError: a unit has no IP-Adapter, or no picture.
    """
    if not isinstance(request, Drawing):
        return
    units = (options, *options.more) if options.enabled else ()
    for number, unit in enumerate(units):
        if unit.weight <= 0:
            continue
        place = f"extensions.ip_adapter.{f'more.{number - 1}.' if number else ''}"
        if not unit.model:
            raise UserError("ip_adapter_no_model", f"{place}model", number=number + 1)
        if not unit.pictures and not request.references:
            raise UserError("ip_adapter_no_picture", f"{place}images", number=number + 1)
