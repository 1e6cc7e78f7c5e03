"""Composable masks, `({video_mask} & [b.png]) | !<cat>`: read into a tree, joined by pixels.

`!` binds tightest, then `&`, `|`, `^` and `\\` (and not); what binds equally groups from the left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from webui.timeline.problems import FormulaError

Pixels = npt.NDArray[np.bool_]
Kind = Literal["named", "file", "words"]

NAMES = ("video_mask", "everywhere")
"""Masks that a run has under a name."""
MAX_DEPTH = 60
MAX_TERMS = 200
_LEVELS = ("\\", "^", "|", "&")
_TERM = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]|<[^<>]*>")
_BRACKETS: Mapping[str, Kind] = {"{": "named", "[": "file", "<": "words"}


@dataclass(frozen=True)
class Term:
    """A mask by itself: a name, a picture file, or words that a network finds in the picture."""

    kind: Kind
    value: str


@dataclass(frozen=True)
class Not:
    """All that a mask leaves out."""

    mask: Mask


@dataclass(frozen=True)
class Both:
    """Two masks joined by `&`, `|`, `^` or `\\`."""

    operator: str
    left: Mask
    right: Mask


Mask = Term | Not | Both


def parse_mask(text: str, dangling: bool = False) -> Mask:
    """Read an expression of masks.

    Args:
        text: the expression.
        dangling: whether an operator at the end may want for its second mask, as in Deforum.

    Raises:
        FormulaError: it is not one; says where and what was expected.
    """
    parser = _Parser(text.rstrip().rstrip("".join(_LEVELS)) if dangling else text)
    mask = parser.joined(0)
    parser.finish()
    return mask


def terms(mask: Mask) -> Iterator[Term]:
    """The masks that an expression needs, from left to right."""
    if isinstance(mask, Term):
        yield mask
    elif isinstance(mask, Not):
        yield from terms(mask.mask)
    else:
        yield from terms(mask.left)
        yield from terms(mask.right)


def join(mask: Mask, pixels: Callable[[Term], Pixels]) -> Pixels:
    """The pixels of an expression, (H, W), True where the picture may change.

    Args:
        mask: the expression.
        pixels: gives those of a term, (H, W).
    """
    if isinstance(mask, Term):
        return pixels(mask)
    if isinstance(mask, Not):
        return ~join(mask.mask, pixels)
    left, right = join(mask.left, pixels), join(mask.right, pixels)
    operations: dict[str, Callable[[Any, Any], Any]] = {
        "&": np.logical_and,
        "|": np.logical_or,
        "^": np.logical_xor,
    }
    return operations[mask.operator](left, right) if mask.operator != "\\" else left & ~right


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.depth = 0
        self.count = 0
        self._skip()

    def joined(self, level: int) -> Mask:
        if level == len(_LEVELS):
            return self._single()
        left = self.joined(level + 1)
        while self._take(_LEVELS[level]):
            left = Both(_LEVELS[level], left, self.joined(level + 1))
        return left

    def finish(self) -> None:
        if self.place < len(self.text):
            code = "mask_not_opened" if self.text[self.place] == ")" else "mask_operator"
            raise FormulaError(code, self.place, found=self.text[self.place])

    def _single(self) -> Mask:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FormulaError("formula_too_deep", self.place, limit=MAX_DEPTH)
        start = self.place
        if self._take("!"):
            mask: Mask = Not(self._single())
        elif self._take("("):
            mask = self.joined(0)
            if not self._take(")"):
                if self.place < len(self.text):
                    self.finish()
                raise FormulaError("formula_not_closed", start)
        else:
            mask = self._term()
        self.depth -= 1
        return mask

    def _term(self) -> Term:
        found = _TERM.match(self.text, self.place)
        if not found:
            raise FormulaError("mask_term", self.place)
        kind, value = _BRACKETS[found[0][0]], found[0][1:-1].strip()
        if not value or (kind == "named" and value not in NAMES):
            names = ", ".join(f"{{{name}}}" for name in NAMES)
            raise FormulaError("mask_name", self.place + 1, found=value, names=names)
        self.count += 1
        if self.count > MAX_TERMS:
            raise FormulaError("mask_too_long", self.place, limit=MAX_TERMS)
        self.place = found.end()
        self._skip()
        return Term(kind, value)

    def _take(self, mark: str) -> bool:
        taken = self.text.startswith(mark, self.place)
        if taken:
            self.place += len(mark)
            self._skip()
        return taken

    def _skip(self) -> None:
        while self.place < len(self.text) and self.text[self.place].isspace():
            self.place += 1
