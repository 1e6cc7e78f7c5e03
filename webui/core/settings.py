"""The user's settings: one JSON file, checked on reading, written whole and atomically."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webui.core.files import write_atomically
from webui.core.requests import ImageFormat, NoiseSource


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
    live_preview: bool = True
    preview_every: int = Field(default=1, ge=1, le=50, description="Steps between previews")
    noise_source: NoiseSource = "nv"
    disabled_extensions: tuple[str, ...] = ()
    extensions: Mapping[str, Mapping[str, Any]] = {}

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
    write_atomically(path, settings.model_dump_json(indent=2).encode())
