"""Names of an animation's folder and files, as Deforum gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

MAX_VALUE = 50
"""Characters of a value in a folder's name."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\s,]')


def folder_name(batch_name: str, values: Mapping[str, Any], timestring: str) -> str:
    """The name of the folder that an animation is written into.

    Args:
        batch_name: may have gaps such as `{seed}`, in upper or lower case, for any parameter and
            `{timestring}`; an unknown one stays as its bare name.
        values: the parameters.
        timestring: `yyyymmddHHMMSS`.
    """
    known = {name.lower(): value for name, value in values.items()} | {"timestring": timestring}

    def filled(match: re.Match[str]) -> str:
        return _shown(known[match[1].lower()]) if match[1].lower() in known else match[1]

    name = _FORBIDDEN.sub("_", _PLACEHOLDER.sub(filled, batch_name))
    return name if name.strip(".") else "_"  # never the folder above


def _shown(value: Any) -> str:
    """A value in a name; of a table of prompts its first one."""
    if isinstance(value, Mapping):
        value = next(iter(cast(Mapping[str, Any], value).values()), None)
    return "_" if value is None else str(value)[:MAX_VALUE]


def frame_name(begin: str, frame: int, ending: str = ".png", kind: str = "") -> str:
    """The name of a frame's file.

    Args:
        begin: what all of the animation begin with, the `timestring` if nothing else is said.
        kind: `depth` of a map of depths; empty of the picture itself.
    """
    return f"{begin}_{kind}{'_' if kind else ''}{frame:09d}{ending}"
