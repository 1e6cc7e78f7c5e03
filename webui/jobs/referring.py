"""What `{image}` in a prompt does: asked of who serves it, else done the built-in way."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.requests import AnyRequest, Drawing, Img2Img, Request, Txt2Img
from webui.library.shown import shown_most
from webui.prompt.references import references_in

WHOLE = 1.0
"""Strength of an edit model, which sees the picture beside the noise that it begins with."""


def refer(
    request: Request,
    model: ModelInfo | None,
    served: Callable[[AnyRequest], bool] = lambda _: False,
) -> Request:
    """The request with its references put to use.

    Where the model can be shown several, or extensions serve them, it stays as it is. Without
    anybody else, one picture in Text to image is what the drawing begins with: an edit model
    changes it as told, any other keeps as much of it as `reference_strength` says.

    Args:
        served: whether an extension does.

    Raises:
        UserError: a tag without picture, a picture without tag, or more than can be served.
    """
    if not isinstance(request, Drawing):
        return request
    text, found = references_in(request.prompt)
    names = list(found)
    for name in names:
        if name not in request.references:
            raise UserError("reference_missing", "references", name=name)
    for name in request.references:
        if name not in names:
            raise UserError("reference_unused", "references", name=name)
    if names and isinstance(request, Txt2Img) and _shows(request, model, len(names)):
        if request.hires:
            raise UserError("reference_with_hires", "hires")
        return request
    if not names or served(cast(AnyRequest, request)):
        return request
    if not isinstance(request, Txt2Img) or len(names) > 1:
        raise UserError("references_unserved", "references", count=len(names))
    if request.hires:
        raise UserError("reference_with_hires", "hires")
    edits = model is not None and model.variant == "edit"
    chosen = "reference_strength" in request.model_fields_set
    strength = WHOLE if edits and not chosen else request.reference_strength
    return _from_picture(request, text, request.references[names[0]], strength)


def _shows(request: Txt2Img, model: ModelInfo | None, count: int) -> bool:
    """Whether the model is shown the pictures; one may also be what the drawing begins with."""
    most = shown_most(model) if model else 0
    begins = count == 1 and "reference_strength" in request.model_fields_set
    return most > 1 and count <= most and not begins


def _from_picture(request: Txt2Img, text: str, image: str, strength: float) -> Img2Img:
    own = ("kind", "hires", "references", "reference_strength", "prompt", "width", "height")
    common = {name: value for name, value in request.model_dump().items() if name not in own}
    return Img2Img.model_validate(
        {
            **common,
            "prompt": text,
            "image": image,
            "strength": strength,
            "width": request.width,
            "height": request.height,
            "resize_mode": "crop",
        }
    )
