"""Rectangles on a picture, as options of extensions have them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

BOX = "box"
"""What a rectangle is called in a JSON schema, at `format`."""

_Share = Annotated[float, Field(ge=0, le=1)]


def _has_an_inside(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    if left >= right or top >= bottom:
        raise ValueError("box_empty")  # the code of a sentence
    return box


Box = Annotated[
    tuple[_Share, _Share, _Share, _Share],
    AfterValidator(_has_an_inside),
    Field(json_schema_extra={"format": BOX}),
]
"""left, top, right, bottom, as shares of the picture's sides."""
