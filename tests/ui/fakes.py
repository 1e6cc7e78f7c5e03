"""Stand-ins for what the page asks of the server: settings and extensions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, Field

from webui.core.extension import ExtensionInfo
from webui.core.guarding import Guard
from webui.core.hookspecs import Panel, Tab
from webui.core.settings import Settings
from webui.jobs.services import Services


class Options(BaseModel):
    """A panel's values."""

    strength: float = Field(0.5, ge=0, le=1, json_schema_extra={"titles": {"pl": "Siła"}})
    on: bool = True


@dataclass
class FakeExtensions:
    own_tabs: list[tuple[str, Tab]] = field(default_factory=list[tuple[str, Tab]])
    own_panels: list[tuple[str, Panel]] = field(default_factory=list[tuple[str, Panel]])
    models: dict[str, type[BaseModel]] = field(default_factory=dict[str, type[BaseModel]])

    guard: Guard = field(default_factory=Guard)

    def tabs(self) -> list[tuple[str, Tab]]:
        return self.own_tabs

    def panels(self) -> list[tuple[str, Panel]]:
        return self.own_panels

    def settings_models(self) -> dict[str, type[BaseModel]]:
        return self.models

    def registered(self, hook: str) -> list[tuple[str, Any]]:
        return []

    def folders(self) -> dict[str, Path]:
        return {}

    def web_folders(self) -> dict[str, Path]:
        return {}

    def page_files(self) -> list[tuple[str, Path, tuple[str, ...]]]:
        return []

    def infos(self) -> tuple[ExtensionInfo, ...]:
        return (ExtensionInfo(name="paint", title={"en": "Paint"}, state="enabled"),)


@dataclass
class FakeServices:
    settings: Settings = field(default_factory=Settings)
    extensions: FakeExtensions = field(default_factory=FakeExtensions)


def services(**parts: Any) -> Services:
    """What `shell` is given; it only reads settings and extensions."""
    return cast(Services, FakeServices(**parts))
