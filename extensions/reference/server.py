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

_UNIT = re.compile(r"Module: reference_\w+, (?P<more>.*)")
"""A unit of A1111's ControlNet, where this is one of the modules."""
_SHARE = re.compile(r"0(\.\d+)?|1(\.0+)?")
_THEIRS = {"Threshold A": "fidelity", "Guidance Start": "start", "Guidance End": "end"}


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "Reference", "pl": "Wzorzec"}, options=Options)]


@hookimpl
def read_parameters(parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
    """As `seeing.Reference` tells it, or A1111's ControlNet."""
    said = _TOLD.fullmatch(parameters.get("Reference", ""))
    told = said.groupdict() if said else _as_unit(parameters)
    if told is None:
        return None
    told["enabled"] = "True"
    return read_options(Options, {name: name for name in told}, told)


def _as_unit(parameters: Mapping[str, str]) -> dict[str, str] | None:
    """The first that is a reference; None where none is."""
    units = (value for name, value in parameters.items() if name.startswith("ControlNet "))
    said = next(filter(None, map(_UNIT.match, units)), None)
    if said is None:
        return None
    pairs = (pair.partition(": ") for pair in said["more"].split(", "))
    known = ((_THEIRS[name], value) for name, _, value in pairs if name in _THEIRS)
    return {name: value for name, value in known if _SHARE.fullmatch(value)}


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
