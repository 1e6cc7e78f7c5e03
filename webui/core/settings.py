"""The user's settings: one JSON file, checked on reading, written whole and atomically."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    SerializationInfo,
    ValidationError,
    field_serializer,
)

from webui.core.files import write_atomically
from webui.core.request import ImageFormat, NoiseSource

SECRETS = ("hub_token", "civitai_token")
"""Fields that leave this module only on their way to the file."""
HIDDEN = "********"
"""What stands for a secret that is set, in answers; as a change it leaves it as it is."""


class Settings(BaseModel):
    """All settings with their defaults; `settings.<field>` is the label in the catalogue."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    language: Literal["auto", "en", "pl"] = "auto"
    default_model: str | None = None
    model_folders: tuple[str, ...] = Field(
        default=(), description="Folders of models, or of other programs that have some"
    )
    image_format: ImageFormat = "png"
    image_quality: int = Field(default=90, ge=1, le=100)
    file_name: str = "[number]-[seed]"
    memory_budget: int = Field(
        default=80, ge=10, le=100, description="Percent of each memory that models may take"
    )
    live_preview: bool = True
    preview_every: int = Field(default=1, ge=1, le=50, description="Steps between previews")
    noise_source: NoiseSource = "nv"
    downloads: Literal["owner", "off"] = Field(
        default="owner", description="off: nobody; owner: all but those who come over --share"
    )
    hub_token: SecretStr = SecretStr("")
    civitai_token: SecretStr = SecretStr("")
    disabled_extensions: tuple[str, ...] = ()
    extensions: Mapping[str, Mapping[str, Any]] = {}

    @field_serializer(*SECRETS, when_used="json")
    def _hidden(self, secret: SecretStr, info: SerializationInfo) -> str:
        if info.context == "file":
            return secret.get_secret_value()
        return HIDDEN if secret.get_secret_value() else ""

    @property
    def folders_of_models(self) -> tuple[Path, ...]:
        """The user's further folders of models; `~` is the home folder."""
        given = (one.strip() for one in self.model_folders)
        return tuple(Path(os.path.abspath(os.path.expanduser(one))) for one in given if one)


def load_settings(path: Path) -> Settings:
    """Read the file. Values that no longer fit fall back to their defaults, the rest stays."""
    try:
        values: dict[str, Any] = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # none, not readable, no JSON, no object
        return Settings()
    try:
        return Settings.model_validate(values)
    except ValidationError as wrong:
        bad = {error["loc"][0] for error in wrong.errors() if error["loc"]}
        return Settings.model_validate({k: v for k, v in values.items() if k not in bad})


def save_settings(path: Path, settings: Settings) -> None:
    """Write the file.

    Raises:
        UserError: the folder cannot be written.
    """
    write_atomically(path, settings.model_dump_json(indent=2, context="file").encode())
