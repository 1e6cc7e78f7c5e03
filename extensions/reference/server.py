"""The panel, and what can be said of a request before it waits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from webui.ext import AnyRequest, Drawing, Panel, UserError, hookimpl, read_options

from .options import Options

_TOLD = re.compile(
    r"Style fidelity: (?P<fidelity>[^,]*), Start: (?P<start>[^,]*), End: (?P<end>.*)"
)


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "Reference", "pl": "Wzorzec"}, options=Options)]


@hookimpl
def read_parameters(parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
    """As `seeing.Reference` tells it."""
    said = _TOLD.fullmatch(parameters.get("Reference", ""))
    if said is None:
        return None
    told = {**said.groupdict(), "enabled": "True"}
    return read_options(Options, {name: name for name in told}, told)


@hookimpl
def serve_references(request: AnyRequest) -> bool:
    options = Options.model_validate(dict(request.extensions.get("reference", {})))
    return options.enabled and not options.images


@hookimpl
def rewrite_request(request: AnyRequest, options: Options) -> None:
    """Change nothing; say what is missing.

    Raises:
        UserError: there is no picture.
    """
    missing = isinstance(request, Drawing) and not options.images and not request.references
    if options.enabled and missing:
        raise UserError("reference_no_picture", "extensions.reference.images")
