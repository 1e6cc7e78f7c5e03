"""Parts of a result left out, put in, or taken on their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import torch

from webui.core.errors import UserError
from webui.models.merging.mixing import EMA
from webui.models.merging.sources import Source
from webui.models.merging.writing import Planned

_AUTOENCODERS = ("first_stage_model.", "vae/", "vae.")
"""How the names of an autoencoder's weights begin in a model."""
_NETWORK = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.")
"""And go on; training leaves others in files of their own."""
_LDM = (".down.", ".up.", ".mid.block_1.")
"""In names that are not those of diffusers."""


def pruned(weights: Iterable[Planned]) -> Iterator[Planned]:
    """Without the averages that training kept."""
    return (one for one in weights if not one.name.startswith(EMA))


def extracted(weights: Iterable[Planned], shown: str) -> Iterator[Planned]:
    """The autoencoder alone, under the names that it has in a file of its own.

    Raises:
        UserError: there is none.
    """
    found = False
    for one in weights:
        if prefix := _prefix(one.name):
            found = True
            yield replace(one, name=one.name.removeprefix(prefix))
    if not found:
        raise UserError("model_part_missing", file=shown, part="vae")


def baked(weights: Sequence[Planned], vae: Source, to: torch.dtype | None) -> Iterator[Planned]:
    """With the autoencoder of a file of its own in place of the model's.

    Args:
        to: type of the numbers; None: those of what it replaces.

    Raises:
        UserError: there is none in the file, or it is of another architecture or layout.
    """
    inside = {_inner(name): weight for name, weight in vae.weights.items()}
    inside = {name: weight for name, weight in inside.items() if name.startswith(_NETWORK)}
    if not inside:
        raise UserError("vae_none", "bake_vae", file=vae.path.name)
    own = {_inner(one.name): one for one in weights if _prefix(one.name)}
    if own and _is_ldm(own) != _is_ldm(inside):
        raise UserError("merge_vae_layout", "bake_vae", file=vae.path.name)
    if any(name in own and own[name].shape != weight.shape for name, weight in inside.items()):
        raise UserError("merge_vae_other", "bake_vae", file=vae.path.name)
    yield from (one for one in weights if not _prefix(one.name))
    prefix = next((_prefix(one.name) for one in own.values()), None) or _AUTOENCODERS[0]
    for name, weight in inside.items():
        dtype = to or (own[name].dtype if name in own else weight.dtype)
        yield Planned(prefix + name, weight.shape, dtype, weight.read, weight.parts)


def _prefix(name: str) -> str | None:
    return next((one for one in _AUTOENCODERS if name.startswith(one)), None)


def _inner(name: str) -> str:
    return name.removeprefix(_prefix(name) or "")


def _is_ldm(names: Iterable[str]) -> bool:
    return any(mark in name for name in names for mark in _LDM)
