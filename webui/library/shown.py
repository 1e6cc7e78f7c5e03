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
