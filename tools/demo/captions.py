"""What is written under a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from tools.demo.words import Phrases, Style, Words

POLISH_SHARE = 0.42
QUALITY_SHARE = 0.06
SINGULAR_ENDINGS = ("ss", "us", "is")
PREPOSITION = re.compile(r" (?:of|with|in|on|over|under|at|behind) ")


@dataclass(frozen=True)
class Content:
    """What a picture shows: its names, and words that always or sometimes follow them."""

    names: Phrases
    after: Phrases = field(default_factory=lambda: Phrases(en=[], pl=[]))
    style: Style | None = None


def write_captions(
    content: Content, words: Words, count: int, rng: np.random.Generator
) -> list[str]:
    """`count` captions, English and Polish, in lower case."""
    return [_caption(content, words, rng) for _ in range(count)]


def _caption(content: Content, words: Words, rng: np.random.Generator) -> str:
    language = "pl" if rng.random() < POLISH_SHARE else "en"
    names: list[str] = getattr(content.names, language)
    # the first name is the likeliest
    name = names[min(int(rng.exponential(0.9)), len(names) - 1)]
    caption = _pick(getattr(words.frames, language), rng)
    caption = caption.replace("{thing}", with_article(name)).replace("{name}", name)
    after: list[str] = getattr(content.after, language)
    if after:
        caption += " " + _pick(after, rng)
    parts = [caption]
    if content.style is not None and rng.random() < content.style.said:
        parts.append(_pick(getattr(content.style, language), rng))
    if rng.random() < QUALITY_SHARE:
        parts.append(_pick(getattr(words.quality, language), rng))
    return ", ".join(parts).lower()


def with_article(name: str) -> str:
    """An English name with "a" or "an"; plurals stay as they are."""
    head = PREPOSITION.split(name)[0].split()[-1]
    if head.endswith("s") and not head.endswith(SINGULAR_ENDINGS):
        return name
    return ("an " if name[0] in "aeiou" and not name.startswith("uni") else "a ") + name


def _pick(choices: list[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
