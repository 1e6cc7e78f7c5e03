"""Kinds of maps, and their numbers in networks that know several (unions)."""

from __future__ import annotations

from collections.abc import Sequence

from .units import NO_PREPROCESSOR, Unit

_MAKERS = (
    ("openpose", "pose"),
    ("depth_", "depth"),
    ("softedge_", "soft"),
    ("scribble_", "soft"),
    ("threshold", "soft"),
    ("canny", "lines"),
    ("lineart_", "lines"),
    ("mlsd", "lines"),
    ("invert", "lines"),
    ("normal_", "normals"),
    ("segment", "segments"),
    ("tile_", "tile"),
    ("blur_", "blur"),
    ("inpaint", "inpaint"),
    ("recolor_", "grays"),
)
"""How names of preprocessors begin -> the kind of map that they make."""
UNET = ("pose", "depth", "soft", "lines", "normals", "segments", "tile", "inpaint")
"""By their numbers in ControlNet++ (xinsir's unions for SDXL)."""
FLUX = ("lines", "tile", "depth", "blur", "pose", "grays", "low")
"""By their numbers in the unions for Flux.1 of InstantX and Shakker Labs."""
_ALIKE = {"soft": "lines", "blur": "tile"}
"""What stands in where a union has no number for a kind, as in A1111's extension."""


def made_by(preprocessor: str) -> str | None:
    """The kind of map that a preprocessor makes; None: not known."""
    return next((kind for start, kind in _MAKERS if preprocessor.startswith(start)), None)


def number_for(unit: Unit, known: Sequence[str]) -> int | None:
    """The number of a unit's kind of map: as the user says, else as its preprocessor makes it.

    Args:
        known: of the union, kinds by their numbers.

    Returns:
        None where the union has none for it, or the kind is not known.
    """
    if unit.control_type is not None:
        return unit.control_type if unit.control_type < len(known) else None
    made = made_by(unit.made_by if unit.preprocessor == NO_PREPROCESSOR else unit.preprocessor)
    kind = made if made in known else _ALIKE.get(made or "")
    return known.index(kind) if kind in known else None
