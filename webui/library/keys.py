"""Names of weights made alike, so that what a file holds is told by a few short searches.

Trainers write the same weight as `a.0.b` or `a_0_b`, a block a number: thousands of names are
some dozens of patterns.
"""

from __future__ import annotations

from collections.abc import Iterable

_ALIKE = str.maketrans({**dict.fromkeys("123456789", "0"), ".": "_"})


class Keys:
    """The names of all weights of a file."""

    def __init__(self, names: Iterable[str]) -> None:
        self.raw = "\n".join(names)
        """As they are, one a line."""
        alike = self.raw.translate(_ALIKE).replace("00", "0").replace("00", "0")
        self.patterns = frozenset(f"_{name}_" for name in set(alike.split("\n")))
        """Each with `_` for dots, before and behind it, and 0 for any number."""
        self._text = "\n" + "\n".join(sorted(self.patterns)) + "\n"

    def have(self, *marks: str) -> bool:
        """Whether any mark is in any of the patterns; a line break stands for its begin or end."""
        return any(mark in self._text for mark in marks)
