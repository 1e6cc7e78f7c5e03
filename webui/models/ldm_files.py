"""Where the parts of a Stable Diffusion in a single file lie: in it, or in files beside it.

A UNet alone, or a file that lacks its autoencoder, gets what is missing from the folders of such
parts (`shelves`); where there is none, from another checkpoint of the family that has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webui.core.offers import ModelInfo
from webui.library.recognition import LDM_PARTS
from webui.library.weights import Header, read_header
from webui.library.shelves import Sought, beside, missing

_WORDS = "text_model.embeddings.token_embedding.weight"
_WORDS_INSIDE = (_WORDS, "token_embedding.weight")
"""The table of words in a whole checkpoint, behind the prefix of its part."""
_DECODER = "decoder.conv_in.weight"
_NAMES: Mapping[str, str] = {
    "sd1": "CLIP-L (clip_l)",
    "sd2": "OpenCLIP-H",
    "text_encoder": "CLIP-L (clip_l)",
    "text_encoder_2": "CLIP-G (clip_g)",
    "vae": "VAE",
}
_XL, _OTHERS = re.compile(r"^(?!.*xl)"), re.compile(r"xl")
"""Names of autoencoders that are not, and are, of the larger models: their headers are the same."""


@dataclass(frozen=True)
class Found:
    """Where a part lies.

    Attributes:
        files: they may be several.
        prefix: of its names.
        whole: it is in a whole checkpoint, in whose layout its names are.
    """

    files: tuple[Path, ...]
    prefix: str
    whole: bool


def file_parts(
    family: str, info: ModelInfo, configs: Mapping[str, Mapping[str, Any]]
) -> dict[str, Found]:
    """The parts of a model in a single file.

    Args:
        family: a key of `LDM_PARTS`.
        configs: of its parts.

    Raises:
        UserError: one is found nowhere, or a file is damaged.
    """
    path = Path(info.path)
    header = read_header(path, path.name)
    found: dict[str, Found] = {}
    for part, prefix in LDM_PARTS[family].items():
        if any(name.startswith(prefix) for name in header.shapes):
            found[part] = Found((path,), prefix, True)
        elif part == "unet":
            found[part] = Found((path,), "", True)
        else:
            found[part] = _elsewhere(family, info, part, configs[part])
    return found


def _elsewhere(family: str, info: ModelInfo, part: str, config: Mapping[str, Any]) -> Found:
    kind = "vae" if part == "vae" else "text_encoder"
    xl = family.startswith("sdxl")
    foreign = (_XL if xl else _OTHERS) if kind == "vae" else None
    title = _NAMES[part if xl or kind == "vae" else family]

    def fits(header: Header, prefix: str = "") -> bool:
        if kind == "vae":
            shape = header.shapes.get(prefix + _DECODER, ())
            return shape[1:2] == (config["latent_channels"],)
        tables = (header.shapes.get(prefix + name, ()) for name in _WORDS_INSIDE)
        return any(shape[1:] == (config["hidden_size"],) for shape in tables)

    sought = Sought(part, kind, title, fits, foreign)
    if file := beside(info, sought):
        return Found((file,), "", False)
    inside = LDM_PARTS[family][part]
    other = Sought(part, "checkpoint", title, lambda header: fits(header, inside))
    if file := beside(info, other):
        return Found((file,), inside, True)
    raise missing(info, sought)
