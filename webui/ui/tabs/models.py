"""Models: what there is of every kind, told from the files, and what can be done with it."""

from __future__ import annotations

from webui.core.kinds import MODEL_ORDERS
from webui.ui.parts.own import own


def build() -> None:
    """Cards from `/api/v1/models`, of which the page only holds those in sight."""
    own("models", orders=list(MODEL_ORDERS))
