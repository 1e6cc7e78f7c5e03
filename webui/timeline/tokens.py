"""A formula's text, cut into numbers, names and operators."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from webui.timeline.problems import FormulaError

MAX_LENGTH = 4000
"""Characters of one formula."""

_NUMBER = re.compile(
    r"0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+"
    r"|(?:[0-9]+(?:_[0-9]+)*\.?(?:[0-9]+(?:_[0-9]+)*)?|\.[0-9]+(?:_[0-9]+)*)"
    r"(?:[eE][+-]?[0-9]+(?:_[0-9]+)*)?[jJ]?"
)
_NAME = re.compile(r"[^\W\d]\w*")
_OPERATOR = re.compile(r"\*\*|//|<<|>>|<=|>=|==|!=|[-+*/%<>&|^~(),.]")
_BLANK = re.compile(r"(?:\s|#[^\n]*)+")
_LEADING_ZEROS = re.compile(r"0[0-9_]*[1-9][0-9_]*")


@dataclass(frozen=True)
class Token:
    """A piece of a formula.

    Attributes:
        kind: `end` stands once, behind the last piece.
        text: as written; names in Unicode's NFKC form, as Python reads them.
        position: characters before it.
        value: of a number.
    """

    kind: Literal["number", "name", "operator", "end"]
    text: str
    position: int
    value: int | float | complex = 0


def tokenize(text: str, lines: bool = True) -> list[Token]:
    """The pieces of a formula in order.

    Args:
        text: the formula.
        lines: whether a line break outside of brackets is a blank; in Deforum it is an error.

    Raises:
        FormulaError: it is too long, or a character means nothing.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError("formula_too_long", MAX_LENGTH, limit=MAX_LENGTH)
    tokens: list[Token] = []
    position = depth = 0
    while position < len(text):
        if blank := _BLANK.match(text, position):
            if not lines and not depth and "\n" in blank[0] and text[blank.end() :].strip():
                raise FormulaError("formula_line", position)
            position = blank.end()
            continue
        token = _token(text, position)
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        tokens.append(token)
        position = token.position + len(token.text)
    return [*tokens, Token("end", "", len(text))]


def _token(text: str, position: int) -> Token:
    if found := _NUMBER.match(text, position):
        follows = _NAME.match(text, found.end()) or _NUMBER.match(text, found.end())
        whole = found[0] + (follows[0] if follows else "")
        if follows or _LEADING_ZEROS.fullmatch(found[0]):
            raise FormulaError("formula_number", position, found=whole)
        return Token("number", found[0], position, _value(found[0]))
    if (found := _NAME.match(text, position)) and found[0].isidentifier():
        name = unicodedata.normalize("NFKC", found[0])
        # Where the normal form has another length, the written one still says where to go on.
        return Token("name", name if len(name) == len(found[0]) else found[0], position)
    if found := _OPERATOR.match(text, position):
        return Token("operator", found[0], position)
    raise FormulaError("formula_character", position, found=text[position])


def _value(text: str) -> int | float | complex:
    if text[-1] in "jJ" and text[:2].lower() != "0x":
        return complex(text)
    if text[:2].lower() in ("0x", "0o", "0b"):
        return int(text, 0)
    return float(text) if any(mark in text for mark in ".eE") else int(text)
