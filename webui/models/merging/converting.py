"""A checkpoint in the other layout: its weights, and what must stand beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from webui.core.errors import UserError
from webui.core.merge import Layout
from webui.core.offers import ModelCard, ModelInfo
from webui.library.entries import Entry
from webui.library.places import CARD, PICKLES
from webui.library.sidecars import read_object
from webui.models.merging.folders import write_descriptions
from webui.models.merging.layouts import as_folder, as_single, names_of
from webui.models.merging.sources import Source
from webui.models.training import told

_INPUT = "model.diffusion_model.input_blocks.0.0.weight"
_USUAL_CHANNELS = 4
_TRAINED = {"prediction_type": "prediction", "rescale_betas_zero_snr": "zero_terminal_snr"}
"""Entry of a scheduler's config -> that of a card, which says the same of a single file."""
_BUILT = ("block_out_channels", "layers_per_block", "cross_attention_dim", "down_block_types")
"""Of a UNet's config, what decides which weights it has."""
_OF_ITSELF = ("title", "notes", "sha256", "source", "description")
"""Of a card, what is true of one model alone."""


def in_layout(
    layout: Layout, source: Source, entry: Entry, family: str | None, configs: Path
) -> tuple[Source, Callable[[Path], None] | None]:
    """A model's weights in a layout; and what writes the rest of a folder that it is not yet.

    Args:
        configs: folders of configs by family.

    Raises:
        UserError: of its family it cannot be done, or parts are missing.
    """
    if layout == "single":
        if source.folder:
            _check_usual(source.path, configs / (family or ""))
        return (as_single(source, family) if source.folder else source), None
    if source.folder:
        return source, None
    first = source.weights.get(_INPUT)
    channels = first.shape[1] if first else _USUAL_CHANNELS
    own = configs / (family or "")
    names = names_of(family, own, channels)
    whole = as_folder(source, family, names)
    trained = _trained(source.path, entry)

    def describe(folder: Path) -> None:
        write_descriptions(folder, family or "", entry.variant, channels, trained, configs)
        card = read_object(source.path.with_name(f"{source.path.stem}.{CARD}")) or {}
        kept = {name: value for name, value in card.items() if name not in _OF_ITSELF}
        if kept:
            text = json.dumps(kept, ensure_ascii=False, indent=1)
            (folder / CARD).write_text(text, encoding="utf-8")

    return whole, describe


def _check_usual(folder: Path, configs: Path) -> None:
    """Whether a folder's network is built as its family's usually is: a single file does not tell.

    Raises:
        UserError: it is not.
    """
    own, usual = (read_object(one / "unet" / "config.json") or {} for one in (folder, configs))
    if any(name in own and name in usual and own[name] != usual[name] for name in _BUILT):
        raise UserError("convert_layout_own", "layout", file=folder.name)


def card_of_folder(folder: Path) -> dict[str, Any]:
    """The card of a single file that is made of a folder: with how it was trained, which the
    folder says in its scheduler's config."""
    config = read_object(folder / "scheduler" / "scheduler_config.json") or {}
    said = {ours: config[theirs] for theirs, ours in _TRAINED.items() if config.get(theirs)}
    if said.get("prediction") not in ("v_prediction", None):
        said.pop("prediction")  # the noise, as usual
    return {**(read_object(folder / CARD) or {}), **said}


def _trained(path: Path, entry: Entry) -> dict[str, Any]:
    if path.suffix.lower() in PICKLES:
        return {}
    card = read_object(path.with_name(f"{path.stem}.{CARD}")) or {}
    said = {name: card[name] for name in _TRAINED.values() if name in card}
    try:
        known = ModelCard.model_validate(said)
    except ValidationError:
        known = ModelCard()
    return told(ModelInfo(id=entry.name, path=str(path), format=entry.format, card=known))
