"""How many pictures a model can be shown beside the one that it draws."""

from __future__ import annotations

import re
from pathlib import Path

from webui.core.offers import ModelInfo
from webui.library.recognition import INDEX
from webui.library.weights import read_config

MOST = 10
"""Of models that are shown several; each makes a step longer."""
_PLUS = re.compile(r"plus|(?<!\d)2[5-9](0\d|1[0-2])(?!\d)|rapid")
"""What the names of those of Qwen-Image-Edit have in them that came from September 2025 on."""

LARGEST = 1024 * 1024
"""Pixels to which larger ones are scaled down before the network sees them."""
_IN_TOKENS = ("flux", "flux2", "qwen-image")
"""Families whose networks read what they are shown in tokens beside those that they draw."""


def shown_pixels(info: ModelInfo, references: int, given: bool) -> int:
    """Pixels that the network reads beside those of the picture that it draws, at the most.

    Args:
        references: pictures that the prompt refers to.
        given: there is one that the drawing begins with, too.

    Raises:
        UserError: what tells is not to be read.
    """
    if info.family not in _IN_TOKENS:
        return 0
    return min(references + given, shown_most(info)) * LARGEST


def shown_most(info: ModelInfo) -> int:
    """How many a model can be shown, 0 for one that sees none.

    Raises:
        UserError: what tells is not to be read.
    """
    if info.family == "flux2":
        return MOST
    if info.variant != "edit":
        return 0
    return MOST if info.family == "qwen-image" and _is_plus(info) else 1


def _is_plus(info: ModelInfo) -> bool:
    """Folders tell by the class of their pipeline, files by their names."""
    path = Path(info.path)
    name = path.stem
    if info.format == "diffusers":
        name = str(read_config(path / INDEX, f"{path.name}/{INDEX}").get("_class_name"))
    return _PLUS.search(name.lower()) is not None
