"""The tabs of the page, in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from webui.ui.tabs import (
    animation,
    extensions,
    image_info,
    img2img,
    inpaint,
    models,
    settings,
    txt2img,
    upscale,
)


@dataclass(frozen=True)
class OwnTab:
    """A tab of ours.

    Attributes:
        id: short name; `ui.tab.<id>` is its title in the catalogue of texts.
        build: called inside the tab.
    """

    id: str
    build: Callable[[], None]


TABS = (
    OwnTab("txt2img", txt2img.build),
    OwnTab("img2img", img2img.build),
    OwnTab("inpaint", inpaint.build),
    OwnTab("upscale", upscale.build),
    OwnTab("animation", animation.build),
    OwnTab("models", models.build),
    OwnTab("image_info", image_info.build),
    OwnTab("extensions", extensions.build),
    OwnTab("settings", settings.build),
)
