"""Wildcards `__animal__` and choices `{a|b}`, `{2$$a|b|c}`: drawn for each picture by its seed."""

from __future__ import annotations

from pathlib import Path
from random import Random

from pydantic import BaseModel, Field

from webui.ext import AnyRequest, Drawing, Panel, WildcardFiles, expand_wildcards, hookimpl

SHIPPED = Path(__file__).with_name("wildcards")


class Options(BaseModel):
    """What can be chosen for one request."""

    enabled: bool = Field(
        default=True,
        title="Draw wildcards and choices",
        json_schema_extra={"titles": {"pl": "Losuj zamienniki i wybory"}},
    )
    same: bool = Field(
        default=False,
        title="The same draw for all pictures",
        json_schema_extra={"titles": {"pl": "To samo losowanie dla wszystkich obrazów"}},
    )


@hookimpl
def register_panels() -> list[Panel]:
    title = {"en": "Wildcards and choices", "pl": "Zamienniki i wybory"}
    return [Panel(title=title, options=Options)]


@hookimpl
def rewrite_request(request: AnyRequest, options: Options, data: Path) -> AnyRequest | None:
    """Give each picture its own words; its seed decides, so that a seed draws the same again."""
    if not isinstance(request, Drawing):
        return None
    texts = (request.prompt, request.negative_prompt)
    if not options.enabled or not any("{" in text or "__" in text for text in texts):
        return None
    files = (WildcardFiles(data / "wildcards"), WildcardFiles(SHIPPED))

    def load(name: str) -> tuple[str, ...]:
        return files[0](name) or files[1](name)

    prompts: list[str] = []
    negatives: list[str] = []
    for index in range(request.images):
        dice = Random(request.seed + (0 if options.same else index))
        prompts.append(expand_wildcards(request.prompt, load, dice))
        negatives.append(expand_wildcards(request.negative_prompt, load, dice))
    return request.with_(prompts=tuple(prompts), negative_prompts=tuple(negatives))
