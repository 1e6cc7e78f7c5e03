"""The panel, and the prompt cut into one part a region."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from webui.ext import AnyRequest, Drawing, Panel, Txt2Img, UserError, hookimpl

from .options import MOST, Options, boxes
from .told import read

_BETWEEN = re.compile(r"\s+(?:BREAK|AND)\s+")
_AND = re.compile(r"\bAND\b")


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "Regional prompts", "pl": "Opisy obszarów"}, options=Options)]


@hookimpl
def read_parameters(parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
    return read(parameters)


@hookimpl
def rewrite_request(request: AnyRequest, options: Options) -> AnyRequest | None:
    """Give each region its part, by `AND`.

    Raises:
        UserError: there are not as many parts as regions, or no areas.
    """
    if not isinstance(request, Drawing) or not options.enabled:
        return None
    texts = request.prompts or (request.prompt,) * request.images
    changes: dict[str, object] = {"prompts": tuple(divided(one, options) for one in texts)}
    if isinstance(request, Txt2Img) and request.hires and request.hires.prompt:
        again = divided(request.hires.prompt, options)
        changes["hires"] = {**request.hires.model_dump(), "prompt": again}
    return request.with_(**changes)


def divided(prompt: str, options: Options) -> str:
    """The prompt with `AND` between the parts, and the common words in each."""
    if options.split == "areas":
        return _over(prompt.strip(), options)
    parts = _BETWEEN.split(prompt.strip())
    if options.first == "common" and len(parts) > 1:
        common, *parts = parts
        parts = [f"{common}, {part}" for part in parts]
    own = len(parts) - (options.first == "base")
    if options.split == "masks":
        wanted = len(options.masks)
    else:
        wanted = len(boxes(options.split, options.shares, own))
    if not 1 <= own <= MOST or own != wanted:
        raise UserError(
            "regional_parts", "extensions.regional.split", parts=own, regions=max(wanted, 1)
        )
    return " AND ".join(parts)


def _over(prompt: str, options: Options) -> str:
    """The whole prompt, and over it those of the areas.

    What a picture's parameters say is this already; taken over with its areas, it stays as it is.
    """
    parts = [one.prompt.strip() for one in options.drawn]
    if not parts:
        raise UserError("regional_no_areas", "extensions.regional.areas")
    base = prompt.split(" AND ")[0]
    joined = parts
    if options.joined and base:
        joined = [f"{base}, {part}" for part in parts]
    whole = " AND ".join((base, *joined))
    if whole == prompt:
        return whole
    if any(_AND.search(one) for one in (prompt, *parts)):
        raise UserError("regional_and", "extensions.regional.split")
    return whole
