"""Pictures in a prompt: `{image}`, `{image:2}`, `{image:name}`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

FIRST = "1"
"""What `{image}` without a name means."""
_TAG = re.compile(r"\{image(?::([\w-]{1,64}))?\}", re.ASCII)
_HELD = re.compile(rf"(?P<before>^|,)?[ \t]*{_TAG.pattern}(?P<after>[ \t]*,|\s*$)?", re.ASCII)
"""A tag with the blanks and the commas on both sides, one of which goes with it."""


class Referring(NamedTuple):
    """A prompt whose tags are taken out.

    Attributes:
        text: without them, and without the blanks and commas that held them.
        names: of the pictures meant, in the order of their first mention.
    """

    text: str
    names: tuple[str, ...]


def references_in(prompt: str) -> Referring:
    """Take the tags out of a prompt; a prompt without any stays as it is to the letter."""
    names = tuple(dict.fromkeys(found[1] or FIRST for found in _TAG.finditer(prompt)))
    if not names:
        return Referring(prompt, ())
    text, count = prompt, 1
    while count:
        text, count = _HELD.subn(_without, text, count=1)
    return Referring(text.strip(), names)


def numbered(prompt: str, names: Sequence[str], called: str) -> str:
    """The prompt with pictures called by a word and their number in `names`, from 1.

    A tag of another name stays.
    """

    def word(found: re.Match[str]) -> str:
        name = found[1] or FIRST
        return f"{called} {names.index(name) + 1}" if name in names else found[0]

    return _TAG.sub(word, prompt)


def _without(held: re.Match[str]) -> str:
    before, after = held["before"], held["after"]
    if before is not None and after is not None:
        return before if after.endswith(",") else ""
    return (before or "") + (after or "")
