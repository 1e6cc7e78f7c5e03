"""Inpaint: part of a picture drawn anew, or a picture continued beyond its borders.

One tab for both: one picture is worked on in turns, and every accepted result is the next one's
beginning.
"""

from __future__ import annotations

from typing import Any

from webui.core.form_fields import fields_of
from webui.core.intents import INTENTS
from webui.core.requests import Inpaint, Outpaint
from webui.ui.parts.own import own


def build() -> None:
    """The editor with its mask, candidates for the result, and the form."""
    own("inpaint", fields=fields_of(Inpaint, parts=True), sides=_sides(), intents=_intents())


def _sides() -> list[dict[str, Any]]:
    """What only outpainting asks for."""
    return [one for one in fields_of(Outpaint) if one["name"] in ("left", "right", "up", "down")]


def _intents() -> dict[str, dict[str, Any]]:
    return {intent: dict(settings) for intent, settings in INTENTS.items()}
