"""Settings: saved as soon as they are changed."""

from __future__ import annotations

from webui.core.form_fields import fields_of
from webui.core.settings import Settings
from webui.ui.parts.own import own


def build() -> None:
    """The form of `webui.core.settings`, and what only this browser keeps (the theme)."""
    own("settings", fields=fields_of(Settings))
