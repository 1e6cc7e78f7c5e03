"""The panel, and the prompt cut into one part a region."""

from __future__ import annotations

import re

from webui.ext import AnyRequest, Drawing, Panel, Txt2Img, UserError, hookimpl

from .options import MOST, Options, boxes

_BETWEEN = re.compile(r"\s+(?:BREAK|AND)\s+")


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={"en": "Regional prompts", "pl": "Opisy obszarów"}, options=Options)]


@hookimpl
def rewrite_request(request: AnyRequest, options: Options) -> AnyRequest | None:
    """Give each region its part, by `AND`.

    Raises:
        UserError: there are not as many parts as regions.
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
        raise UserError("regional_parts", parts=own, regions=max(wanted, 1))
    return " AND ".join(parts)
