r"""Prompts that are drawn by lot, in the syntax of Dynamic Prompts.

* `__animal__`: a line of `animal.txt`; `__zoo/bird__` in a folder; `__zoo/*__` of all that match.
* `{red|green}` one of them; `{2::red|green}` red twice as often.
* `{2$$a|b|c}` two different ones joined by a comma, `{1-3$$ and $$a|b|c}` one to three joined by
  " and "; without a lower or upper bound it is 1 or all. `{2$$__animal__}` are two different lines.
* They may stand inside each other and in the files. A backslash keeps a brace: `\{`.
* Braces without a `|` or `$$`, as `{image}` and `{image:2}`, stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random

from webui.core.errors import UserError

Load = Callable[[str], Sequence[str]]
"""A wildcard's name or pattern -> its texts, none if it does not exist."""

DEEPEST = 30
MOST = 2_000
"""How deep and how many are drawn for one prompt; more is taken for an endless one."""

_TOKEN = re.compile(r"\\.|\{|__(?=[^\s_])(?P<name>[\w*/.\- ]+?)(?<=\S)__", re.DOTALL)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_SEPARATOR = re.compile(r"\\.|[][{}|]", re.DOTALL)
_COUNT = re.compile(r"\s*(?P<low>\d{0,4})(?P<to>-?)(?P<high>\d{0,4})\$\$")
_JOINED_BY = re.compile(r"([^{}|]*?)\$\$")
_WEIGHT = re.compile(r"\s*(\d{0,9}\.?\d{1,9})(?:::|\$\$)")


def expand(prompt: str, load: Load, dice: Random) -> str:
    """The prompt with everything drawn; the same dice give the same prompt.

    Raises:
        UserError: a wildcard does not exist or is empty, or they lead into each other endlessly.
    """
    return _Expander(load, dice).text(prompt, 0)


class _Expander:
    """Draws for one prompt."""

    def __init__(self, load: Load, dice: Random) -> None:
        self.load = load
        self.dice = dice
        self.drawn = 0

    def text(self, text: str, depth: int) -> str:
        ends = _groups(text)
        pieces: list[str] = []
        position = 0
        while token := _TOKEN.search(text, position):
            pieces.append(text[position : token.start()])
            position = token.end()
            if token["name"]:
                pieces.append(self._wildcard(token["name"], depth + 1))
            elif token[0] == "{" and token.start() in ends:
                end = ends[token.start()]
                pieces.append(self._group(text[position:end], depth + 1))
                position = end + 1
            else:
                pieces.append(token[0])
        return "".join(pieces) + text[position:]

    def _count(self, depth: int, what: str) -> None:
        self.drawn += 1
        if depth > DEEPEST or self.drawn > MOST:
            raise UserError("wildcard_endless", text=what[:60])

    def _values(self, name: str) -> Sequence[str]:
        values = self.load(name)
        if not values:
            raise UserError("wildcard_unknown", name=name)
        return values

    def _wildcard(self, name: str, depth: int) -> str:
        self._count(depth, f"__{name}__")
        values = self._values(name)
        return self.text(values[self.dice.randrange(len(values))], depth)

    def _group(self, content: str, depth: int) -> str:
        self._count(depth, f"{{{content}}}")
        count = _COUNT.match(content)
        if count and (count["low"] or count["high"]):
            return self._several(count, content[count.end() :], depth)
        options = _split(content)
        if len(options) == 1:
            return f"{{{self.text(content, depth)}}}"
        return self.text(self._pick(options, 1)[0], depth)

    def _several(self, count: re.Match[str], content: str, depth: int) -> str:
        joined_by = _JOINED_BY.match(content)
        options = _split(content[joined_by.end() :] if joined_by else content)
        lone = _TOKEN.fullmatch(options[0].strip()) if len(options) == 1 else None
        if lone and lone["name"]:
            options = list(self._values(lone["name"]))
        low = min(int(count["low"] or 1), len(options))
        high = int(count["high"] or len(options)) if count["to"] else low
        picked = self._pick(options, self.dice.randint(low, max(low, min(high, len(options)))))
        texts = (self.text(option, depth).strip() for option in picked)
        return (joined_by[1] if joined_by else ", ").join(texts)

    def _pick(self, options: list[str], count: int) -> list[str]:
        """Different options by weight, in the order drawn."""
        left = [_weighted(option) for option in options]
        picked: list[str] = []
        for _ in range(count):
            weights = [weight for _, weight in left]
            equal = sum(weights) <= 0
            (place,) = self.dice.choices(range(len(left)), None if equal else weights)
            picked.append(left.pop(place)[0])
        return picked


def _weighted(option: str) -> tuple[str, float]:
    weight = _WEIGHT.match(option)
    return (option[weight.end() :], float(weight[1])) if weight else (option, 1.0)


def _groups(text: str) -> dict[int, int]:
    """Place of each opening brace that is closed -> place of its end."""
    opened: list[int] = []
    ends: dict[int, int] = {}
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif brace[0] == "}" and opened:
            ends[opened.pop()] = brace.start()
    return ends


def _split(content: str) -> list[str]:
    """The options of a group: split at each `|` that is in no inner group and no `[a|b]`."""
    places = list(_bars(content, square_brackets=True))
    if content.count("[") != content.count("]"):
        places = list(_bars(content, square_brackets=False))
    starts = [0, *(place + 1 for place in places)]
    ends = [*places, len(content)]
    return [content[start:end] for start, end in zip(starts, ends, strict=True)]


def _bars(content: str, square_brackets: bool) -> Iterator[int]:
    opening, closing = ("{[", "}]") if square_brackets else ("{", "}")
    depth = 0
    for mark in _SEPARATOR.finditer(content):
        if mark[0] in opening:
            depth += 1
        elif mark[0] in closing:
            depth -= 1
        elif mark[0] == "|" and depth == 0:
            yield mark.start()


class WildcardFiles:
    """Text files as wildcards: one text a line, `#` starts a comment line. Names ignore case."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).with_suffix("").as_posix(): path
            for path in sorted(folder.rglob("*.txt"))
        }

    @property
    def names(self) -> tuple[str, ...]:
        """All names, folders in them."""
        return tuple(self._files)

    def __call__(self, name: str) -> tuple[str, ...]:
        """The texts of all files whose name the pattern matches."""
        pattern = name.casefold().replace("[", "[[]")
        return tuple(
            line
            for known, path in self._files.items()
            if fnmatchcase(known.casefold(), pattern)
            for line in _lines(path)
        )


def _lines(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    for line in map(str.strip, text.splitlines()):
        if line and not line.startswith("#"):
            yield line
