"""The blocks of a UNet as merges name them: IN00, IN01 … M00, OUT00 …, and BASE for all the rest.

The names and their order are those of "merge block weighted", which the programs for merging share.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from webui.core.errors import UserError

BASE = "BASE"
LEAST, MOST = -2.0, 3.0
"""Bounds of a weight."""

_INPUTS: Mapping[str, int] = {"sd1": 12, "sd2": 12, "sdxl": 9, "sdxl-refiner": 12}
"""Family -> blocks on the way down, as many as on the way up."""
FAMILIES = tuple(_INPUTS)
"""Those whose UNet has such blocks."""
_PREFIXES = ("model.diffusion_model.", "unet/")
_LDM = re.compile(r"(input|output)_blocks\.(\d+)\.")
_DIFFUSERS = re.compile(
    r"(down|up)_blocks\.(\d+)\.(?:(?:resnets|attentions)\.(\d+)|downsamplers|upsamplers)\."
)
_FIRST = ("time_embed.", "label_emb.", "conv_in.", "time_embedding.", "add_embedding.")
"""Before the first block, and counted to it."""
_LAST = ("out.", "conv_norm_out.", "conv_out.")
"""After the last block, and counted to it."""

PRESETS: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        "FLAT_25": lambda place: 0.25,
        "FLAT_50": lambda place: 0.5,
        "FLAT_75": lambda place: 0.75,
        "GRAD_V": lambda place: abs(2 * place - 1),
        "GRAD_A": lambda place: 1 - abs(2 * place - 1),
        "COSINE": lambda place: (1 + math.cos(math.pi * place)) / 2,
        "REVERSE_COSINE": lambda place: (1 - math.cos(math.pi * place)) / 2,
        "SMOOTHSTEP": lambda place: place * place * (3 - 2 * place),
        "REVERSE_SMOOTHSTEP": lambda place: 1 - place * place * (3 - 2 * place),
        "ONLY_IN": lambda place: float(place < 0.5),
        "ONLY_OUT": lambda place: float(place > 0.5),
    }
)
"""Name -> weight of a block by its place, from 0, the first, to 1, the last."""


def block_names(family: str | None) -> tuple[str, ...]:
    """The blocks of a family in their order, without BASE; none where it is no UNet's."""
    count = _INPUTS.get(family or "", 0)
    inputs, outputs = ([f"{way}{number:02}" for number in range(count)] for way in ("IN", "OUT"))
    return (*inputs, "M00", *outputs) if count else ()


def block_of(name: str, family: str | None) -> str:
    """The block that a weight belongs to, by its name in a single file or, with its folder before
    it (`unet/…`), in one of diffusers."""
    blocks = block_names(family)
    prefix = next((one for one in _PREFIXES if name.startswith(one)), None)
    if not blocks or prefix is None:
        return BASE
    inside = name.removeprefix(prefix)
    if inside.startswith(_FIRST):
        return blocks[0]
    if inside.startswith(_LAST):
        return blocks[-1]
    if inside.startswith(("middle_block.", "mid_block.")):
        return "M00"
    found = _numbered(inside)
    return found if found in blocks else BASE


def _numbered(inside: str) -> str | None:
    if found := _LDM.match(inside):
        return f"{found[1][:-3].upper()}{int(found[2]):02}"
    if found := _DIFFUSERS.match(inside):
        way, stage, layer = found[1], int(found[2]), found[3]
        if way == "down":  # a stage has two layers, and one that makes it smaller
            return f"IN{1 + 3 * stage + (2 if layer is None else int(layer)):02}"
        return f"OUT{3 * stage + (2 if layer is None else int(layer)):02}"
    return None


def read_blocks(text: str, family: str | None) -> Mapping[str, float]:
    """Weights of blocks as people write them; what is not in it has the multiplier.

    Args:
        text: a preset's name; or a number for each block, with one for BASE before them or
            without; or `IN04:0.3, M00:1`, those that differ. Empty: none.

    Raises:
        UserError: it is none of these, or the family has no such blocks.
    """
    if not text.strip():
        return {}
    blocks = block_names(family)
    if not blocks:
        raise UserError("merge_blocks_none", "blocks", family=family or "?")
    if preset := PRESETS.get(text.strip().upper()):
        return {name: preset(place / (len(blocks) - 1)) for place, name in enumerate(blocks)}
    parts = [part.strip() for part in re.split(r"[,;\n]", text.strip().strip(","))]
    if any(":" in part or "=" in part for part in parts):
        return dict(_pair(part, blocks) for part in parts)
    if len(parts) == 1:
        raise UserError("merge_blocks_unknown", "blocks", name=text[:60], names=", ".join(PRESETS))
    if len(parts) not in (len(blocks), len(blocks) + 1):
        raise UserError("merge_blocks_count", "blocks", have=len(parts), want=len(blocks))
    names = blocks if len(parts) == len(blocks) else (BASE, *blocks)
    return {name: _number(part) for name, part in zip(names, parts, strict=True)}


def _pair(part: str, blocks: tuple[str, ...]) -> tuple[str, float]:
    name, _, number = part.replace("=", ":").partition(":")
    name = name.strip().upper()
    if name not in (BASE, *blocks):
        names = f"{BASE}, {blocks[0]} … {blocks[-1]}"
        raise UserError("merge_blocks_unknown", "blocks", name=part[:60], names=names)
    return name, _number(number)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not LEAST <= number <= MOST:
        raise UserError("merge_blocks_number", "blocks", name=text[:60], least=LEAST, most=MOST)
    return number
