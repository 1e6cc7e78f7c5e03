"""Reads what another program wrote into pictures: `Mood: happy` sets the panel."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from webui.ext import Panel, hookimpl


class Options(BaseModel):
    mood: Literal["none", "happy", "sad"] = "none"


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "Mood", "pl": "Nastrój"}, options=Options)]


@hookimpl
def read_parameters(parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
    return {"mood": parameters["Mood"]} if "Mood" in parameters else None
