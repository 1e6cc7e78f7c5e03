"""Image to image."""

from __future__ import annotations

from webui.core.form_fields import fields_of
from webui.core.requests import Img2Img
from webui.ui.parts.own import own


def build() -> None:
    """The picture to begin with, to paint on if wanted, and what becomes of it."""
    own("img2img", fields=fields_of(Img2Img, parts=True))
