"""The panel, and what can be said of a request before it waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webui.ext import AnyRequest, Drawing, Panel, Txt2Img, UserError, hookimpl

from .told import REFERENCE, read
from .units import Options
from .units import models_of as models_of  # a hook


@hookimpl
def register_panels() -> list[Panel]:
    title = {"en": "ControlNet", "pl": "ControlNet"}
    return [Panel(title, Options, script="panel.js", style="panel.css")]


@hookimpl
def read_parameters(parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
    units = read(parameters)
    return {"units": [unit.model_dump(mode="json") for unit in units]} if units else None


@hookimpl
def rewrite_request(request: AnyRequest, options: Options) -> None:
    """Change nothing; say what is missing.

    Raises:
        UserError: a unit has no network, or no picture, or is none here.
    """
    if not isinstance(request, Drawing) and request.kind != "animation":
        return
    for number, unit in enumerate(options.units):
        if not unit.enabled:
            continue
        if unit.preprocessor.startswith(REFERENCE):
            raise UserError("control_reference", number=number + 1)
        if unit.model is None:
            raise UserError("control_no_model", number=number + 1)
        if unit.image is None and isinstance(request, Txt2Img):
            raise UserError("control_no_picture", number=number + 1)
