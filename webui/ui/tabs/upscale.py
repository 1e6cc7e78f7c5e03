"""Upscale: pictures enlarged."""

from __future__ import annotations

from webui.core.form_fields import fields_of
from webui.core.requests import Upscale
from webui.ui.parts.own import own


def build() -> None:
    """One picture or many, how large and by what, and the result beside the original."""
    own("upscale", fields=fields_of(Upscale, parts=True))
