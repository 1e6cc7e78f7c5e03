"""A setting for all requests, in the tab Settings."""

from pydantic import BaseModel

from webui.ext import AnyRequest, Drawing, hookimpl


class Always(BaseModel):
    words: str = "sharp"


@hookimpl
def register_settings() -> type[BaseModel]:
    return Always


@hookimpl
def rewrite_request(request: AnyRequest, settings: Always) -> AnyRequest | None:
    if not isinstance(request, Drawing):
        return None
    return request.with_(prompt=f"{request.prompt}, {settings.words}")
