"""Models: what there is of every kind, told from the files, and what can be done with it."""

from __future__ import annotations

from typing import Any

from webui.core.download import Download
from webui.core.form_fields import fields_of
from webui.core.kinds import MODEL_ORDERS
from webui.core.merge import Convert, Merge
from webui.library.blocks import FAMILIES, PRESETS, block_names
from webui.library.presets import Preset
from webui.ui.parts.own import own


def build() -> None:
    """Cards from `/api/v1/models`, of which the page only holds those in sight; and their forms."""
    own(
        "models",
        orders=list(MODEL_ORDERS),
        download=fields_of(Download),
        merge=fields_of(Merge),
        convert=fields_of(Convert),
        blocks={family: _blocks(family) for family in FAMILIES},
        settings=fields_of(Preset),
    )


def _blocks(family: str) -> dict[str, Any]:
    """The blocks of a family's UNet, and each preset's weights of them."""
    names = block_names(family)
    places = [place / (len(names) - 1) for place in range(len(names))]
    presets = {name: [round(of(one), 3) for one in places] for name, of in PRESETS.items()}
    return {"names": names, "presets": presets}
