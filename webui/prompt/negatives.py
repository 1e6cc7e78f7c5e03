r"""Inline negatives: `(-bad hands)` in a prompt is moved to the negative prompt.

* A parenthesis directly followed by a hyphen opens one; `(\-` and `( -` do not, nor does a
  parenthesis that is escaped. It ends at its own `)`; one that is never closed stays as it is.
* It holds one or more items: a hyphen after a space or a comma starts the next one, a hyphen
  inside a word does not, so `(-ill-fitting hat -extra fingers)` are two. Parentheses inside an
  item stay whole.
* A weight at the end of an item is that item's: `(-bad hands:1.3)` becomes `(bad hands:1.3)`,
  `(-blur -bad hands:1.3)` becomes `blur, (bad hands:1.3)`. Emphasis around the whole is lost.
* Inside a schedule, as in `[a (-b):c:0.5]`, it leaves the schedule and holds for all steps.
* The commas and spaces that held it are tidied; nothing else of the prompt changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
_INSIDE = re.compile(r"\\.|[()]|(?P<next>(?<![\s,])[\s,]+-)", re.DOTALL)
_WEIGHT = re.compile(r":\s*[+-]?[.\d]+\s*$")
_GAP = " ,\t\r\n"
_OPENING = "([{|:"
_CLOSING = ")]}|:"


def split_negatives(prompt: str) -> tuple[str, tuple[str, ...]]:
    """The prompt without its inline negatives, and those, as a negative prompt words them."""
    kept, position = "", 0
    negatives: list[str] = []
    for start, end in _groups(prompt):
        negatives += _items(prompt[start + 2 : end - 1])
        rest = prompt[end:]
        after = rest.lstrip(_GAP)
        kept = _closed_up(kept + prompt[position:start], rest[: len(rest) - len(after)], after[:1])
        position = len(prompt) - len(after)
    return kept + prompt[position:], tuple(negatives)


def merge_negative(negative_prompt: str, negatives: Sequence[str]) -> str:
    """The negative prompt with inline negatives at its end."""
    if not negatives:
        return negative_prompt
    own = negative_prompt.rstrip(_GAP)
    return ", ".join((own, *negatives) if own else negatives)


def _groups(prompt: str) -> Iterator[tuple[int, int]]:
    """Start and end of each inline negative, those inside another one left out."""
    opened: list[int] = []
    found: list[tuple[int, int]] = []
    for mark in _PARENTHESIS.finditer(prompt):
        if mark[0] == "(":
            opened.append(mark.start())
        elif mark[0] == ")" and opened:
            start = opened.pop()
            if prompt.startswith("-", start + 1):
                found.append((start, mark.end()))
    last = 0
    for start, end in sorted(found):
        if start >= last:
            last = end
            yield start, end


def _items(content: str) -> Iterator[str]:
    """The items of an inline negative, given what follows its first hyphen."""
    depth, position = 0, 0
    places: list[tuple[int, int]] = []
    for mark in _INSIDE.finditer(content):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if mark["next"] and depth == 0:
            places.append((position, mark.start()))
            position = mark.end()
    for start, end in (*places, (position, len(content))):
        item = content[start:end].strip(_GAP)
        weight = _WEIGHT.search(item)
        if item and not (weight and weight.start() == 0):
            yield f"({item})" if weight else item


def _closed_up(before: str, gap: str, following: str) -> str:
    """What stood before a part that is taken out, with the separator that suits what follows.

    Args:
        before: all that is kept so far.
        gap: commas and white space that stood behind the part; left out of what follows.
        following: the first character after the gap, empty at the end.
    """
    body = before.rstrip(_GAP)
    left = before[len(body) :]
    if not body or body[-1] in _OPENING:
        opens_anew = following == "-" and before.endswith("(")
        return before + " " if opens_anew else before
    if not following or following in _CLOSING:
        return body if "," in gap else body + gap
    if "," in left:
        return before if "," in gap or not left.endswith(",") else before + gap
    if "," in gap:
        return body + gap
    return body + max((left, gap, " "), key=lambda space: (space.count("\n"), len(space)))
