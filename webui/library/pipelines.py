"""Folders of any other pipeline of diffusers that draws from text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webui.core.errors import UserError
from webui.core.offers import ModelCard
from webui.library.cards import CARDS
from webui.library.weights import SUFFIX, read_config, read_header

GENERIC = "diffusers"
"""The family of all of them."""

_OTHER = re.compile(
    r"Img2Img|Image2Image|Inpaint|ControlNet|Control|Edit|Upscale|UpScale|UnCLIP|Prior|Decoder"
    r"|Kontext|Fill|Depth|Redux|Video|Audio|Music|Speech|3D|XL|Shap|Adapter|PAG|Layered"
    r"|^(Wan|LTX|Mochi|CogVideo|Allegro|Latte|Hunyuan(?!DiT|Image)|Cosmos|SkyReels|Anim|StableAudio)"
)
"""In the names of pipelines that need more than a text, or do not make pictures."""
_PIXELS_PER_LATENT = 8
_SIDES = range(256, 2049)


def draws_from_text(kind: str) -> bool:
    """Whether a pipeline of this name may well; loading it tells for certain."""
    return kind.endswith("Pipeline") and not _OTHER.search(kind)


def whole_card(folder: Path, index: Mapping[str, Any]) -> ModelCard:
    """What suits the pipeline in a folder, all of whose parts are there and whole.

    Args:
        index: its `model_index.json`.

    Raises:
        UserError: a part is missing or damaged.
    """
    for part, entry in index.items():
        if part.startswith("_") or not isinstance(entry, list) or entry == [None, None]:
            continue
        if not (folder / part).is_dir():
            raise UserError("model_part_missing", file=folder.name, part=part)
        for file in sorted((folder / part).glob(f"*{SUFFIX}")):
            read_header(file, f"{folder.name}/{part}/{file.name}")
    side = _side(folder)
    changes = {"width": side, "height": side} if side else {}
    return CARDS[GENERIC].model_copy(update=changes)


def _side(folder: Path) -> int | None:
    """Pixels of a side that it was trained at, where its config tells."""
    config = folder / "transformer" / "config.json"
    if not config.is_file():
        return None
    side = read_config(config, f"{folder.name}/transformer/config.json").get("sample_size")
    pixels = side * _PIXELS_PER_LATENT if isinstance(side, int) else 0
    return pixels if pixels in _SIDES else None
