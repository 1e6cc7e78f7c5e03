"""The settings, and the address that the page asks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from webui.ext import Route, RouteCall, hookimpl, option

from .index import index_of

SHIPPED = Path(__file__).with_name("tags")
_WORD = re.compile(r"[^\W_]{2}")
"""What a face like ^_^ has not: its underscores stay."""
_LONGEST = 100


class Completing(BaseModel):
    """How words are offered and written."""

    enabled: bool = option(True, "Offer words while typing", "Podpowiadaj podczas pisania")
    spaces: bool = option(True, "Spaces in place of underscores", "Spacje zamiast podkreśleń")
    escape: bool = option(True, "Brackets as brackets: \\(", "Nawiasy jako nawiasy: \\(")
    comma: bool = option(True, "A comma behind each tag", "Przecinek po każdym tagu")
    most: int = option(10, "Words offered", "Liczba podpowiedzi", 3, 30)


@hookimpl
def register_settings() -> type[BaseModel]:
    return Completing


@hookimpl
def register_routes() -> list[Route]:
    return [Route(path="search", function=search)]


def search(call: RouteCall) -> dict[str, Any]:
    """Tags, or wildcards where the word begins with `__`, that fit a word."""
    settings = call.settings if isinstance(call.settings, Completing) else Completing()
    word = call.values.get("word", "").strip()[:_LONGEST]
    if not settings.enabled or not word:
        return {"found": [], "enabled": settings.enabled}
    if word.startswith("__"):
        found = _wildcards(call.data / "wildcards", word[2:], settings.most)
        return {"found": found, "comma": settings.comma, "enabled": True}
    hits = index_of(call.data / "tags", SHIPPED).find(word.replace("\\", ""), settings.most)
    told = [
        {
            "name": hit.tag.name,
            "insert": written(hit.tag.name, settings),
            "kind": hit.tag.kind,
            "count": hit.tag.count,
            "alias": hit.alias,
        }
        for hit in hits
    ]
    return {"found": told, "comma": settings.comma, "enabled": True}


def written(tag: str, settings: Completing) -> str:
    """A tag as it stands in a prompt."""
    if settings.spaces and _WORD.search(tag):
        tag = tag.replace("_", " ")
    return re.sub(r"([()\[\]])", r"\\\1", tag) if settings.escape else tag


def _wildcards(folder: Path, word: str, most: int) -> list[dict[str, Any]]:
    names = sorted(path.relative_to(folder).with_suffix("") for path in folder.rglob("*.txt"))
    fitting = [name.as_posix() for name in names if word.casefold() in name.as_posix().casefold()]
    return [{"name": f"__{name}__", "insert": f"__{name}__"} for name in fitting[:most]]
