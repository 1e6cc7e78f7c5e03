"""What a result says of how it was made, as A1111 writes it: `sd_merge_recipe` and
`sd_merge_models`; and in the fields of `modelspec`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from webui.core.merge import Merge

_KEPT = (
    "modelspec.sai_model_spec",
    "modelspec.architecture",
    "modelspec.implementation",
    "modelspec.resolution",
    "modelspec.prediction_type",
    "modelspec.license",
    "modelspec.author",
)
"""What is as true of the result as of A."""
_METHODS: Mapping[str, str] = {
    "weighted_sum": "Weighted sum",
    "add_difference": "Add difference",
    "slerp": "SLERP",
    "triple_sum": "Triple sum",
}
"""The first two in A1111's words."""
_RECIPE, _MODELS = "sd_merge_recipe", "sd_merge_models"


@dataclass(frozen=True)
class Origin:
    """A model that others are made of.

    Attributes:
        sha256: of its file; None of a folder that has no weights.
        metadata: what is written in it.
    """

    name: str
    sha256: str | None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


def merge_metadata(
    request: Merge, name: str, origins: Sequence[Origin], is_inpainting: bool
) -> dict[str, str]:
    """What is written in the result of a merge.

    Args:
        name: of the result.
        is_inpainting: whether A takes a mask beside the latents.
    """
    a, b, c = (*origins, None, None)[:3]
    recipe: dict[str, Any] = {
        "type": "webui",  # readers know it by that
        "primary_model_hash": a.sha256 if a else None,
        "secondary_model_hash": b.sha256 if b else None,
        "tertiary_model_hash": c.sha256 if c else None,
        "interp_method": _METHODS[request.method],
        "multiplier": request.multiplier,
        "save_as_half": request.precision == "fp16",
        "custom_name": request.file_name or "",
        "bake_in_vae": request.bake_vae or "None",
        "discard_weights": "^model_ema\\." if request.prune else "",
        "is_inpainting": is_inpainting,
    }
    if request.method == "triple_sum":
        recipe["multiplier_2"] = request.multiplier_2
    ours = {field: getattr(request, field) for field in ("blocks", "text_encoder", "vae")}
    recipe |= {field: value for field, value in ours.items() if value not in ("", "merged")}
    words = {
        _RECIPE: json.dumps(recipe),
        _MODELS: json.dumps(_ancestors(origins)),
        "modelspec.merged_from": ", ".join(one.name for one in origins),
    }
    return {**copy_metadata(origins[0], name), **words}


def copy_metadata(origin: Origin, name: str) -> dict[str, str]:
    """What is written in a model that was written anew, under a name."""
    kept = (*_KEPT, _RECIPE, _MODELS)
    told = {key: value for key, value in origin.metadata.items() if key in kept}
    date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"format": "pt", **told, "modelspec.title": name, "modelspec.date": date}


def _ancestors(origins: Sequence[Origin]) -> dict[str, Any]:
    """All the models that are in it, by their hashes."""
    known: dict[str, Any] = {}
    for origin in origins:
        if origin.sha256:
            recipe = _object(origin.metadata.get(_RECIPE)) or None
            known[origin.sha256] = {"name": origin.name, _RECIPE: recipe}
        known |= _object(origin.metadata.get(_MODELS))
    return known


def _object(text: str | None) -> dict[str, Any]:
    try:
        found: Any = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
