"""Pictures that a prompt refers to, shown to models that see several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from webui.core.requests import Drawing
from webui.engine.latents import to_pixels
from webui.engine.recipes.passes import References, on
from webui.engine.recipes.shots import Shot, words
from webui.engine.recipes.tools import Tools
from webui.library.shown import shown_most
from webui.models.family import Model, Referring


def called(request: Drawing, model: Model, batch: Sequence[Shot]) -> Sequence[Shot]:
    """The pictures of a batch with prompts that call what the model is shown as it was trained."""
    if not isinstance(model, Referring) or not _shows(request, model):
        return batch
    return [replace(shot, words=words(request, shot.index, model.called)) for shot in batch]


def references(request: Drawing, model: Model, tools: Tools) -> References | None:
    """What the model is shown; None for one that is shown nothing (an extension serves it).

    To be called while the model is running.
    """
    if not isinstance(model, Referring) or not _shows(request, model):
        return None
    tools.phase("encoding")
    pictures = [tools.picture(ref).convert("RGB") for ref in request.references.values()]
    latents = [on(model, model.encode(to_pixels([model.fitted(one)]))) for one in pictures]
    return References(pictures, latents)


def _shows(request: Drawing, model: Model) -> bool:
    """Whether the pictures are the model's to see, not an extension's."""
    return bool(request.references) and shown_most(model.info) > 1
