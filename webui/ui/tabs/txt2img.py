"""Text to image."""

from __future__ import annotations

from webui.core.form_fields import fields_of
from webui.core.requests import Txt2Img
from webui.ui.parts.own import own


def build() -> None:
    """The form, the pictures and everything between (`assets/txt2img.js`).

    Generate posts the form to `/api/v1/jobs`: one door and one check of what was typed for
    browser and clients, and nothing that breaks when the server restarts under an open page.
    """
    own("txt2img", fields=fields_of(Txt2Img, parts=True))
