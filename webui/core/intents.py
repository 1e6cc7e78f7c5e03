"""What a user wants of a selection, as the settings that do it. Each of them may be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webui.core.requests import Intent

INTENTS: Mapping[Intent, Mapping[str, Any]] = {
    # change what is there: keep its colours and rough shapes to begin with
    "fill": {"content": "original", "strength": 0.75, "area": "masked", "padding": 48},
    # something new where nothing is: begin from what surrounds it
    "add": {"content": "fill", "strength": 0.9, "area": "masked", "padding": 64},
    # nothing where something is: its colours must not lead back to it
    "remove": {"content": "fill", "strength": 1.0, "area": "masked", "padding": 96, "mask_blur": 8},
    # the border continues what it borders on
    "expand": {"content": "fill", "strength": 0.95, "area": "whole", "mask_blur": 8},
    # the selection is what stays
    "replace_background": {
        "invert": True,
        "content": "fill",
        "strength": 1.0,
        "area": "whole",
        "mask_blur": 4,
    },
}
"""What is left out of a request takes these values (before those of the fields themselves)."""
