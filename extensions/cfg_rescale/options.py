"""What can be chosen."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from webui.ext import option


class Options(BaseModel):
    """The panel's values. share: of the rescaled result; 0 is guidance as usual."""

    model_config = ConfigDict(frozen=True)

    share: float = option(
        0.0,
        "Share of the rescaled result (0: off)",
        "Udział przeskalowanego wyniku (0: wyłączone)",
        0,
        1,
    )
