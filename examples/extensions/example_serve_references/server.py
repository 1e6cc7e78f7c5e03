"""The pictures that a prompt names are for this extension."""

from webui.ext import AnyRequest, Drawing, hookimpl


@hookimpl
def serve_references(request: AnyRequest) -> bool:
    return isinstance(request, Drawing) and len(request.references) == 1
