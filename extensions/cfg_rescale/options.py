"""What can be chosen."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """The panel's values. share: of the rescaled result; 0 is guidance as usual."""

    model_config = ConfigDict(frozen=True)

    share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Share of the rescaled result (0: off)",
        json_schema_extra={"titles": {"pl": "Udział przeskalowanego wyniku (0: wyłączone)"}},
    )
