"""How a request names a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

STORED = r"sha256:[0-9a-f]{64}"
RESULT = r"picture:[0-9a-f]{32}-\d{1,6}"

PictureRef = Annotated[str, Field(pattern=rf"^(?:{STORED}|{RESULT})$")]
"""`sha256:…` is a stored picture (see `webui.library.store`), `picture:…` a result by its id.
In an accepted request there are stored ones only: results may be deleted."""


def replaced(values: dict[str, Any], refs: Mapping[str, str]) -> dict[str, Any]:
    """Plain data with other values at some dotted paths (all of which exist)."""
    for path, ref in refs.items():
        *parents, last = path.split(".")
        place = values
        for parent in parents:
            place[parent] = dict(place[parent])
            place = place[parent]
        place[last] = ref
    return values
