"""The one catalogue of texts. `locales/<language>.json` maps a key to a sentence with {gaps}."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).with_name("locales")
LANGUAGES = ("en", "pl")
OWN_TEXTS = "locales"
"""An extension's folder of texts."""
Texts = Mapping[str, Mapping[str, str]]
"""Language -> key -> text: an extension's own."""
NO_TEXTS: Texts = dict.fromkeys(LANGUAGES, {})


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of a language (`en`, `pl`)."""
    return json.loads((LOCALES / f"{language}.json").read_text(encoding="utf-8"))


def texts_in(folder: Path, language: str) -> dict[str, str]:
    """Texts of a folder's `<language>.json`; none where it is missing or no such file."""
    try:
        values: object = json.loads((folder / f"{language}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {str(key): str(one) for key, one in values.items()}  # pyright: ignore


def own_texts(folder: Path | None) -> Texts:
    """All texts of an extension."""
    if folder is None:
        return NO_TEXTS
    return {language: texts_in(folder / OWN_TEXTS, language) for language in LANGUAGES}


def text(key: str, language: str = "en", /, **values: object) -> str:
    """The text of a key with its gaps filled; English where the language lacks it."""
    sentence = catalogue(language).get(key) or catalogue("en")[key]
    return sentence.format_map(values) if values else sentence


def choose_language(setting: str, accepted: str) -> str:
    """The language of the setting, or for `auto` the first of an Accept-Language that we speak."""
    if setting in LANGUAGES:
        return setting
    accepted = accepted.replace(" ", "")
    wishes = re.findall(r"([a-zA-Z]{2,3})(?:-[\w-]*)?(?:;q=([01](?:\.\d+)?))?,", f"{accepted},")
    ranked = sorted(wishes, key=lambda wish: -float(wish[1] or 1))
    return next((tongue.lower() for tongue, _ in ranked if tongue.lower() in LANGUAGES), "en")


def field_label(field: str, language: str, labels: str = "ui.field") -> str | None:
    """What a field is called, `Hires fix › Steps` where it is one of a part; None if unknown.

    Args:
        field: with dots into parts, as a problem names it.
        labels: where the catalogue has its fields' names.
    """
    first, *inner = field.split(".")
    names = [first] if first == "extensions" else [first, *inner[-1:]]
    known = catalogue(language)
    found = [known[key] for name in names if (key := f"{labels}.{name}") in known]
    return " › ".join(found) or None
