"""A panel whose values come with each request."""

from pydantic import BaseModel, Field

from webui.ext import AnyRequest, Drawing, Panel, hookimpl


class Options(BaseModel):
    times: int = Field(
        default=0,
        ge=0,
        le=5,
        title="Exclamation marks",
        json_schema_extra={"titles": {"pl": "Wykrzykniki"}},
    )


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "Shout", "pl": "Krzyk"}, options=Options)]


@hookimpl
def rewrite_request(request: AnyRequest, options: Options) -> AnyRequest | None:
    if not isinstance(request, Drawing):
        return None
    return request.with_(prompt=request.prompt + "!" * options.times)
