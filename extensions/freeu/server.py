"""The panel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from webui.ext import Panel, hookimpl, read_options

from .options import Options


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "FreeU", "pl": "FreeU"}, options=Options)]


_STAGES = re.compile(
    r"backbone (?P<b1>[\d.]+) skip (?P<s1>[\d.]+), backbone (?P<b2>[\d.]+) skip (?P<s2>[\d.]+)"
)


@hookimpl
def read_parameters(parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
    """As `freeu.FreeU` tells it."""
    stages = _STAGES.fullmatch(parameters.get("FreeU", ""))
    if stages is None:
        return None
    rest = {
        name: parameters.get(f"FreeU {name.capitalize()}") for name in ("version", "start", "end")
    }
    told = {
        **stages.groupdict(),
        **{name: text for name, text in rest.items() if text},
        "enabled": "True",
    }
    return read_options(Options, {name: name for name in told}, told)
