"""How long autocompletion looks through a long list of tags, beside reading its lines one by one.

    python benchmarks/tags.py --tags 200000

Both do the same search, in turns, so that the ratio says something on a busy machine, too: tags
that begin with the word, then those with another name or a part that does, then those that have it
anywhere, the most used first, ten in all. The words are such as are typed: short ones that many
tags have, whole ones, and one that none has.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[1]
SYLLABLES = ("ka", "mo", "ri", "te", "su", "lo", "ne", "vi", "da", "po")
WORDS = ("ka", "te_su", "kamorite", "lo_ne", "nothing_like_it")
MOST, ROUNDS = 10, 15


def index_module() -> ModuleType:
    """The extension's own, loaded from its file."""
    file = ROOT / "extensions" / "tag_autocomplete" / "index.py"
    spec = importlib.util.spec_from_file_location("tag_index", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["tag_index"] = module
    spec.loader.exec_module(module)
    return module


def made(module: ModuleType, count: int) -> list[Any]:
    """Tags of made-up words, each with another name."""
    dice = random.Random(1)

    def word() -> str:
        return "".join(dice.choice(SYLLABLES) for _ in range(4))

    return [module.Tag(f"{word()}_{word()}_{n}", 0, n, (word(),)) for n in range(count)]


def one_by_one(tags: Sequence[Any], word: str, most: int) -> list[Any]:
    """The same search over the lines, the most used first."""
    found: dict[str, Any] = {}
    for fits in (
        lambda tag: tag.name.startswith(word),
        lambda tag: any(one.startswith(word) for one in tag.aliases),
        lambda tag: f"_{word}" in tag.name or any(f"_{word}" in one for one in tag.aliases),
        lambda tag: word in tag.name or any(word in one for one in tag.aliases),
    ):
        for tag in tags:
            if fits(tag):
                found.setdefault(tag.name, tag)
                if len(found) >= most:
                    return list(found.values())
    return list(found.values())


def seconds(action: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tags", type=int, default=200_000)
    count = parser.parse_args().tags
    module = index_module()
    tags = sorted(made(module, count), key=lambda tag: -tag.count)
    index = module.Index(tags)
    print(f"{count} tags; medians of {ROUNDS} rounds in turns\n")
    print(f"{'word':18} {'index':>10} {'one by one':>12} {'ratio':>8}")
    for word in WORDS:
        names = [hit.tag.name for hit in index.find(word, MOST)]
        assert names == [tag.name for tag in one_by_one(tags, word, MOST)], "the same finds"
        pairs = [
            (
                seconds(lambda word=word: index.find(word, MOST)),
                seconds(lambda word=word: one_by_one(tags, word, MOST)),
            )
            for _ in range(ROUNDS)
        ]
        ours, lines = (statistics.median(one) for one in zip(*pairs, strict=True))
        ratio = statistics.median(other / own for own, other in pairs)
        print(f"{word:18} {ours * 1e3:7.2f} ms {lines * 1e3:9.2f} ms {ratio:7.0f}x")


if __name__ == "__main__":
    main()
