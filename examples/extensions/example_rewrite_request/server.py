"""Every request for a drawing gets a word more before it is queued."""

from webui.ext import AnyRequest, Drawing, hookimpl


@hookimpl
def rewrite_request(request: AnyRequest) -> AnyRequest | None:
    if not isinstance(request, Drawing):
        return None
    return request.with_(prompt=f"{request.prompt}, watercolour")
