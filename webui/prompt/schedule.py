"""Prompts that change on the way: `[a:b:0.5]` (a, then b), `[a:3]`, `[a::3]`, `[a|b]` (in turns).

Reads what AUTOMATIC1111 1.10.1 reads: brackets that make no sense are plain text, and so is the
whole prompt if a `|` or a lone backslash stands outside the brackets that do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from webui.core.errors import UserError

DEEPEST = 100
"""Schedules inside schedules; more is refused."""

_TOKEN = re.compile(r"(?P<mark>[][():|])|(?:[^\\\[\]():|]|\\.)+")
_NUMBER = re.compile(r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*")


@dataclass(frozen=True)
class _Switch:
    """`[before:after:when]`, `when` as written."""

    parts: tuple[_Text, _Text]
    when: str
    depth: int


@dataclass(frozen=True)
class _Turns:
    """`[a|b|c]`."""

    parts: tuple[_Text, ...]
    depth: int


_Node = _Switch | _Turns
_Text = tuple["str | _Switch | _Turns", ...]


def read_schedule(
    text: str, steps: int, hires_steps: int | None = None, old: bool = False
) -> tuple[tuple[int, str], ...]:
    """The texts in the order of their use, each with the end step up to which it is used.

    Args:
        text: a prompt without AND.
        steps: model calls of the (first) pass.
        hires_steps: model calls of the second pass, if that one is asked for: whole numbers go on
            counting from the first pass, shares from 1.0.
        old: the rule before version 1.6: a number below 1 is a share, one schedule for both passes.

    Raises:
        UserError: nested too deep.
    """
    if hires_steps is None or old:
        numbers = _Numbers(steps, old=old)
    else:
        numbers = _Numbers(hires_steps, whole_offset=steps, share_offset=1.0)
    tree = _Reader().read(text)
    return tuple((end, numbers.wording(tree, end)) for end in sorted(numbers.ends(tree)))


@dataclass(frozen=True)
class _Numbers:
    """What the numbers of a prompt mean in one pass of `steps` model calls."""

    steps: int
    whole_offset: int = 0
    share_offset: float = 0.0
    old: bool = False

    def last_before(self, switch: _Switch) -> int:
        """The last step before the switch. A number with a dot is a share, else a count."""
        value = float(switch.when)
        if self.old:
            value = value * self.steps if value < 1 else value
        elif "." in switch.when:
            value = (value - self.share_offset) * self.steps
        else:
            value -= self.whole_offset
        return int(max(-1, min(self.steps, value)))

    def ends(self, text: _Text) -> set[int]:
        """All steps (from 1) after which the text may change, the last one among them."""
        found = {self.steps}
        for node in _nodes(text):
            if isinstance(node, _Turns):
                found.update(range(1, self.steps + 1))
            elif (end := self.last_before(node)) >= 1:
                found.add(end)
        return found

    def wording(self, text: _Text, step: int) -> str:
        """The text in force at a step (from 1)."""
        return "".join(
            item if isinstance(item, str) else self.wording(self._choice(item, step), step)
            for item in text
        )

    def _choice(self, node: _Node, step: int) -> _Text:
        if isinstance(node, _Turns):
            return node.parts[(step - 1) % len(node.parts)]
        return node.parts[0 if step <= self.last_before(node) else 1]


def _nodes(text: _Text) -> Iterator[_Node]:
    """All nodes, the inner ones too."""
    for item in text:
        if not isinstance(item, str):
            yield item
            for part in item.parts:
                yield from _nodes(part)


@dataclass
class _Bracket:
    """A bracket whose end has not come.

    Attributes:
        mark: itself.
        place: its place among the items.
        colons, bars: places of the separators directly inside it.
    """

    mark: str
    place: int
    colons: list[int] = field(default_factory=list[int])
    bars: list[int] = field(default_factory=list[int])


class _StrayBarError(Exception):
    """A `|` outside of brackets: the whole prompt is plain text."""


class _Reader:
    """Reads left to right; a pair of brackets that makes sense becomes one node at its end.

    Brackets that make no sense can only stand outside all pairs that do, so one of them turns
    every bracket still open around it into plain text too.
    """

    def __init__(self) -> None:
        self.items: list[str | _Node] = []
        self.open: list[_Bracket] = []

    def read(self, text: str) -> _Text:
        position = 0
        try:
            for token in _TOKEN.finditer(text):
                if token.start() != position:
                    break
                position = token.end()
                self.items.append(token[0])
                self._note(token["mark"])
            self._leave_open()
        except _StrayBarError:
            return (text,)
        return tuple(self.items) if position == len(text) else (text,)

    def _note(self, mark: str | None) -> None:
        place = len(self.items) - 1
        inner = self.open[-1] if self.open else None
        match mark:
            case "(" | "[":
                self.open.append(_Bracket(mark, place))
            case ":" if inner:
                inner.colons.append(place)
            case "|":
                if not inner:
                    raise _StrayBarError
                inner.bars.append(place)
            case ")" | "]":
                if inner and inner.mark + mark in ("()", "[]") and self._pair(inner):
                    self.open.pop()
                else:
                    self._leave_open()
            case _:
                pass

    def _leave_open(self) -> None:
        if any(bracket.bars for bracket in self.open):
            raise _StrayBarError
        self.open.clear()

    def _pair(self, bracket: _Bracket) -> bool:
        """Turn the items since the bracket into a node, if they are one; False: no sense."""
        if not bracket.bars and not bracket.colons:
            return True
        if bracket.mark == "(":
            return not bracket.bars and len(bracket.colons) == 1
        node = self._turns(bracket) if bracket.bars else self._switch(bracket)
        if node:
            self.items[bracket.place :] = [node]
        return node is not None

    def _turns(self, bracket: _Bracket) -> _Turns | None:
        if bracket.colons:
            return None
        parts = self._parts(bracket.place, bracket.bars)
        return _Turns(parts, _depth(parts))

    def _switch(self, bracket: _Bracket) -> _Switch | None:
        *texts, number = self._parts(bracket.place, bracket.colons)
        when = _NUMBER.fullmatch(number[0]) if number and isinstance(number[0], str) else None
        if when is None or len(number) > 1 or len(texts) > 2:
            return None
        parts = (texts[0] if len(texts) == 2 else (), texts[-1])
        return _Switch(parts, when[1], _depth(parts))

    def _parts(self, place: int, separators: list[int]) -> tuple[_Text, ...]:
        starts = [place, *separators]
        ends = [*separators, len(self.items) - 1]
        return tuple(
            tuple(self.items[start + 1 : end]) for start, end in zip(starts, ends, strict=True)
        )


def _depth(parts: tuple[_Text, ...]) -> int:
    """Depth of a node made of these parts.

    Raises:
        UserError: too deep.
    """
    inner = (item.depth for part in parts for item in part if not isinstance(item, str))
    depth = 1 + max(inner, default=0)
    if depth > DEEPEST:
        raise UserError("prompt_too_deep", limit=DEEPEST)
    return depth
