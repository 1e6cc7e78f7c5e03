"""Models: what there is of every kind, told from the files, and what can be done with it."""

from __future__ import annotations

from webui.core.download import Download
from webui.core.kinds import MODEL_ORDERS
from webui.core.merge import Merge
from webui.library.presets import Preset
from webui.ui.bind import fields_of
from webui.ui.parts.own import own


def build() -> None:
    """Cards from `/api/v1/models`, of which the page only holds those in sight; and two forms."""
    own(
        "models",
        orders=list(MODEL_ORDERS),
        download=fields_of(Download),
        merge=fields_of(Merge),
        settings=fields_of(Preset),
    )
