"""The one catalogue of texts. `locales/<language>.json` maps a key to a sentence with {gaps}."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).with_name("locales")
LANGUAGES = ("en", "pl")


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of a language (`en`, `pl`)."""
    return json.loads((LOCALES / f"{language}.json").read_text(encoding="utf-8"))


def text(key: str, language: str = "en", /, **values: object) -> str:
    """The text of a key with its gaps filled; English where the language lacks it."""
    sentence = catalogue(language).get(key) or catalogue("en")[key]
    return sentence.format_map(values) if values else sentence
