"""Which files a request for a new model means, and where its result goes; nothing is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from webui.core.errors import UnknownId, UserError
from webui.core.merge import Convert, Merge
from webui.library.blocks import read_blocks
from webui.library.entries import Entry
from webui.library.places import PICKLES
from webui.prompt.filenames import plain_name

MODELS = ("model_a", "model_b", "model_c", "model")
"""Fields that name what a result is made of, in their order."""
VAE = "bake_vae"
DRAWING = ("checkpoint", "diffusion_model")
"""Kinds that can be merged and converted."""

LAYOUT_FAMILIES = ("sd1", "sdxl", "sdxl-refiner")
"""Of which both layouts hold the same. Of Stable Diffusion 2 the folder lacks a layer."""

_SHOWN = 100
_LONGEST = 120
_MERGED = {
    "weighted_sum": "{rest:.3g}({a}) + {m:.3g}({b})",
    "slerp": "slerp {rest:.3g}({a}) + {m:.3g}({b})",
    "add_difference": "{a} + {m:.3g}({b} - {c})",
    "triple_sum": "{a} + {m:.3g}({b} - {a}) + {n:.3g}({c} - {a})",
}
"""How results are called, the first and the third as A1111 does it."""


class Shelf(Protocol):
    """What is needed of the catalog (`webui.library.catalog.Catalog`)."""

    def find(self, kind: str, name: str) -> Entry | None: ...


def found_model(shelf: Shelf, field: str, name: str) -> Entry:
    """What a field of the request names.

    Raises:
        UserError: there is none, or it cannot be read.
    """
    kinds = ("vae",) if field == VAE else DRAWING
    entry = next((found for kind in kinds if (found := shelf.find(kind, name))), None)
    if entry is None:
        code = "unknown_vae" if field == VAE else "merge_unknown"
        raise UnknownId(code, field, name=name[:_SHOWN])
    if entry.problem is not None and entry.broken:
        raise UserError(entry.problem.code, field, **entry.problem.values)
    if entry.format == "definition":
        raise UserError("merge_format", field, file=Path(entry.path).name)
    return entry


def found_models(shelf: Shelf, request: Merge | Convert) -> Mapping[str, Entry]:
    """All that a request names, by field, if they go together.

    Raises:
        UserError: one is not there or cannot be read, one too few, or they do not go together.
    """
    names = {name: getattr(request, name, None) for name in (*MODELS, VAE)}
    found = {field: found_model(shelf, field, name) for field, name in names.items() if name}
    if isinstance(request, Merge):
        if "model_c" not in found and _needs_c(request):
            raise UserError("merge_third", "model_c")
        parts = [found[field] for field in MODELS if field in found]
        _check_alike(parts)
        family = family_of(parts)
        if family or f".{parts[0].format}" not in PICKLES:  # of those it is told when they are open
            read_blocks(request.blocks, family)
    elif request.extract and request.bake_vae:
        raise UserError("merge_extract_bake", VAE)
    elif request.layout:
        if request.extract:
            raise UserError("convert_extract_layout", "layout")
        entry = found["model"]
        if entry.family:  # of others it is told when they are open
            check_layouts(entry.family, Path(entry.path).name)
    return found


def check_layouts(family: str | None, shown: str) -> None:
    """Whether models of a family can be a folder and a single file.

    Raises:
        UserError: they cannot.
    """
    if family not in LAYOUT_FAMILIES:
        names = ", ".join(LAYOUT_FAMILIES)
        raise UserError("convert_layout_family", "layout", file=shown, names=names)


def family_of(entries: Sequence[Entry]) -> str | None:
    """The family of models that go together, if the header of one tells it."""
    return next((entry.family for entry in entries if entry.family), None)


def result_name(request: Merge | Convert, names: Sequence[str]) -> str:
    """How the result is called: as the request says, else after what it is made of.

    names: of the models' files, in the order of `MODELS`.
    """
    if request.file_name:
        return plain_name(request.file_name) or "model"
    if isinstance(request, Convert):
        ending = request.extract or request.precision or request.layout
        ending = ending or ("pruned" if request.prune else "")
        return plain_name(f"{names[0]}-{ending}".rstrip("-")) or "model"
    short = [name[: _LONGEST // len(names)] for name in names]
    a, b, c = (*short, "")[:3]
    words = _MERGED[request.method].format(
        a=a, b=b, c=c, m=request.multiplier, n=request.multiplier_2, rest=1 - request.multiplier
    )
    return plain_name(words) or "model"


def _needs_c(request: Merge) -> bool:
    by_method = request.method in ("add_difference", "triple_sum")
    return by_method or "c" in (request.text_encoder, request.vae)


def _check_alike(entries: Sequence[Entry]) -> None:
    first = entries[0]
    for field, entry in zip(MODELS, entries, strict=False):
        names = {"a": Path(first.path).name, "b": Path(entry.path).name}
        if (entry.format == "diffusers") != (first.format == "diffusers"):
            raise UserError("merge_layouts", field, **names)
        if entry.family and first.family and entry.family != first.family:
            families = {"family_a": first.family, "family_b": entry.family}
            raise UserError("merge_families", field, **names, **families)
