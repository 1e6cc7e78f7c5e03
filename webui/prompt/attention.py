r"""Emphasis: `(a)`, `[a]`, `(a:1.3)`, nested, with `\(` for a bracket that is meant as one; BREAK.

Behaves as AUTOMATIC1111 1.10.1 does, oddities included: pictures depend on them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from webui.core.errors import UserError

STRONGER = 1.1
WEAKER = 1 / 1.1

_TOKEN = re.compile(
    r"""
    \\(?P<escaped>[()\[\]\\]?)              # a lone backslash disappears
    | (?P<open>[(\[])
    | :\s*(?P<weight>[+-]?[.\d]+)\s*\)
    | (?P<close>[)\]])
    | [^\\()\[\]:]+
    | :
    """,
    re.VERBOSE,
)
_BREAK = re.compile(r"\s*\bBREAK\b\s*")


class Span(NamedTuple):
    """A stretch of text with its weight; `is_break` marks the place where a chunk ends."""

    text: str
    weight: float

    @property
    def is_break(self) -> bool:
        """Whether this is BREAK outside all brackets (inside it is the plain word)."""
        return self.text == "BREAK" and self.weight == -1


def read_attention(text: str) -> list[Span]:
    """The text in spans of equal weight, brackets and weights taken out.

    Raises:
        UserError: a weight is not a number, as in `(a:1.2.3)`.
    """
    spans = _Spans()
    for token in _TOKEN.finditer(text):
        spans.add(token)
    return spans.finished()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError("prompt_weight", text=text) from None


class _Spans:
    """Texts and weights as they are read; for each kind of bracket, where the open ones began."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.weights: list[float] = []
        self.opened: dict[str, list[int]] = {"(": [], "[": []}

    def add(self, token: re.Match[str]) -> None:
        round_ones, square_ones = self.opened["("], self.opened["["]
        if token["escaped"] is not None:
            self._append(token["escaped"], 1.0)
        elif token["open"]:
            self.opened[token["open"]].append(len(self.texts))
        elif token["weight"] and round_ones:
            self._multiply(round_ones.pop(), _number(token["weight"]))
        elif token["close"] == ")" and round_ones:
            self._multiply(round_ones.pop(), STRONGER)
        elif token["close"] == "]" and square_ones:
            self._multiply(square_ones.pop(), WEAKER)
        else:
            self._append_broken(token[0])

    def finished(self) -> list[Span]:
        """Brackets left open reach to the end; neighbours of equal weight become one."""
        for bracket, factor in (("(", STRONGER), ("[", WEAKER)):
            for start in self.opened[bracket]:
                self._multiply(start, factor)
        merged: list[tuple[list[str], float]] = []
        for text, weight in zip(self.texts, self.weights, strict=True):
            if merged and merged[-1][1] == weight:
                merged[-1][0].append(text)
            else:
                merged.append(([text], weight))
        return [Span("".join(texts), weight) for texts, weight in merged] or [Span("", 1.0)]

    def _append(self, text: str, weight: float) -> None:
        self.texts.append(text)
        self.weights.append(weight)

    def _append_broken(self, text: str) -> None:
        first, *rest = _BREAK.split(text)
        self._append(first, 1.0)
        for part in rest:
            self._append("BREAK", -1)
            self._append(part, 1.0)

    def _multiply(self, start: int, factor: float) -> None:
        self.weights[start:] = [weight * factor for weight in self.weights[start:]]
