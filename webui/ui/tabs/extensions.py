"""Extensions: what is there, what is broken and why, on and off."""

from __future__ import annotations

from webui.ui.parts.own import own


def build() -> None:
    """The list, from `/api/v1/extensions`."""
    own("extensions")
