"""Lists of tags, looked through quickly (`benchmarks/tags.py` says how quickly).

All tags stand in one text, those that are used most first; what is found first is the best, and
looking ends when there is enough.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_LONGEST = 200
_LARGEST = 64 * 1024 * 1024
"""Bytes of a list."""
_LINE, _ALIAS = "\n", "\t"
"""What stands in the text before a tag, and before each other name of it."""


@dataclass(frozen=True)
class Tag:
    """A line of a list, as a1111-sd-webui-tagcomplete has them: tag, kind, count, "other,names"."""

    name: str
    kind: int = 0
    count: int = 0
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    """A tag that fits; `alias`: the other name by which it does."""

    tag: Tag
    alias: str = ""


class Index:
    """Tags, the most used first."""

    def __init__(self, tags: Iterable[Tag]) -> None:
        self._tags = sorted(tags, key=lambda tag: -tag.count)
        rows = [_LINE + _ALIAS.join((tag.name, *tag.aliases)).casefold() for tag in self._tags]
        self._text = "".join(rows)
        self._starts: list[int] = []
        at = 0
        for row in rows:
            self._starts.append(at)
            at += len(row)

    def __len__(self) -> int:
        return len(self._tags)

    def find(self, word: str, most: int) -> list[Hit]:
        """Tags that begin with a word, then those with another name or a part that does, then those
        that have it anywhere. Spaces and underscores are the same.
        """
        wanted = "_".join(word.casefold().split())
        if not wanted or _ALIAS in wanted:
            return []
        hits: dict[int, Hit] = {}
        for mark in (_LINE, _ALIAS, "_", ""):
            for place, alias in self._places(mark + wanted):
                hits.setdefault(place, Hit(self._tags[place], alias))
                if len(hits) >= most:
                    return list(hits.values())
        return list(hits.values())

    def _places(self, wanted: str) -> Iterator[tuple[int, str]]:
        """Each tag that has a text, once, and the other name in which it stands."""
        at = self._text.find(wanted)
        while at >= 0:
            place = bisect_right(self._starts, at) - 1
            start = self._starts[place]
            before = self._text[start : at + 1].count(_ALIAS)
            yield place, self._tags[place].aliases[before - 1] if before else ""
            ends = self._starts[place + 1 : place + 2] or [len(self._text)]
            at = self._text.find(wanted, ends[0])


def read_tags(path: Path) -> list[Tag]:
    """The tags of a file; lines that are none are left out."""
    if path.stat().st_size > _LARGEST:
        return []
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return [tag for row in csv.reader(_short(file)) if (tag := _tag(row))]


def _short(lines: Iterable[str]) -> Iterator[str]:
    """No line so long, or so broken, that `csv` refuses it."""
    for line in lines:
        yield line[:20_000].replace("\0", "")


def _tag(row: Sequence[str]) -> Tag | None:
    name = _plain(row[0]) if row else ""
    if not name or len(name) > _LONGEST or name.startswith("#"):
        return None
    kind, count = (_whole(row[place]) if len(row) > place else 0 for place in (1, 2))
    others = row[3].split(",") if len(row) > 3 else ()
    aliases = (_plain(one) for one in others)
    return Tag(name, kind, count, tuple(one for one in aliases if 0 < len(one) <= _LONGEST))


def _plain(name: str) -> str:
    return "_".join(name.split())


def _whole(text: str) -> int:
    return int(text) if text.strip().isdecimal() and len(text) < 15 else 0


def index_of(folder: Path, shipped: Path) -> Index:
    """The index of all lists of the user, and ours behind them; kept until one changes."""
    files = [*sorted(folder.glob("*.csv")), *sorted(shipped.glob("*.csv"))]
    stamps = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files)
    return _index(stamps)


@lru_cache(maxsize=2)
def _index(stamps: tuple[tuple[Path, int, int], ...]) -> Index:
    known: dict[str, Tag] = {}
    for path, _, _ in stamps:
        for tag in read_tags(path):
            known.setdefault(tag.name.casefold(), tag)
    return Index(known.values())
