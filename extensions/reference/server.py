"""The panel, and what can be said of a request before it waits."""

from __future__ import annotations

from webui.ext import AnyRequest, Drawing, Panel, UserError, hookimpl

from .options import Options


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "Reference", "pl": "Wzorzec"}, options=Options)]


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
        raise UserError("reference_no_picture")
