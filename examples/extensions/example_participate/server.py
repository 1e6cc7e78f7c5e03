"""The panel of what the worker does."""

from pydantic import BaseModel, Field

from webui.ext import Panel, hookimpl


class Options(BaseModel):
    fade: float = Field(default=0, ge=0, le=1, title="Fade out over an animation")


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "Fade", "pl": "Zanikanie"}, options=Options)]
