"""The lists in `subjects.toml`, `words.toml` and `sources.toml`, checked and typed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

HERE = Path(__file__).parent
TONES = ("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Subject(_Record):
    """One thing, and how its pictures may be changed without making them wrong."""

    emoji: str
    en: list[str]
    pl: list[str]
    paint: tuple[str, str, str] | None = None
    flip: bool = False
    turn: float = 0.0
    stand: bool = False
    full: bool = False
    tones: bool = False


class Phrases(_Record):
    """The same said in English and in Polish."""

    en: list[str]
    pl: list[str]


class Place(_Record):
    en: str
    pl: str


class Scene(Phrases):
    at: Place | None = None


class Style(Phrases):
    source: str
    said: float


class Colour(_Record):
    """`m`, `f`, `n`: the Polish adjective; `on`: as in "na … tle"; `hue` in degrees."""

    rgb: tuple[int, int, int]
    hue: int | None = None
    m: str
    f: str
    n: str
    on: str


class Kind(_Record):
    """How many pictures of one kind are made, and their share of what training draws."""

    count: int
    first: float
    last: float


class Words(_Record):
    frames: Phrases
    quality: Phrases
    styles: dict[str, Style]
    colours: dict[str, Colour]
    scenes: dict[str, Scene]
    kinds: dict[str, Kind]


class Source(_Record):
    version: str
    kind: str
    licence: str


@dataclass(frozen=True)
class Library:
    """All that can be drawn and said."""

    subjects: list[Subject]
    words: Words
    sources: dict[str, Source]


def emoji_code(emoji: str) -> str:
    """The name that the emoji sets use: lower-case hexadecimal, without variation selectors."""
    return "-".join(f"{ord(sign):x}" for sign in emoji if ord(sign) != 0xFE0F)


def tone_codes(subject: Subject) -> list[str]:
    """The codes of a person: without and with each skin tone (after the first sign)."""
    first, *rest = emoji_code(subject.emoji).split("-")
    toned = ["-".join([first, tone, *rest]) for tone in TONES] if subject.tones else []
    return [emoji_code(subject.emoji), *toned]


def load_library(folder: Path = HERE) -> Library:
    """Read the three files; a spelling mistake in a field's name is an error."""
    subjects = []
    for group in _read(folder / "subjects.toml")["group"]:
        shared = {key: value for key, value in group.items() if key not in ("name", "subjects")}
        subjects += [Subject.model_validate(shared | entry) for entry in group["subjects"]]
    return Library(
        subjects=subjects,
        words=Words.model_validate(_read(folder / "words.toml")),
        sources=TypeAdapter(dict[str, Source]).validate_python(_read(folder / "sources.toml")),
    )


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)
