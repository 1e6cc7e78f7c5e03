"""Values of an axis as they are typed: lists, and ranges of numbers, as AUTOMATIC1111 reads them.

`1-5`, `1-5 (+2)`, `10-5 (-3)` and `1-10 [5]` (five numbers, evenly spread). Where A1111's ranges
lose their end (`10-8 (-1)`) or gain one too many (`0-1 (+0.1)`) by rounding, ours do not, and one
that goes down without a step (`5-1`) goes down by one.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from io import StringIO

_WHOLE, _DECIMAL = r"[+-]?\s*\d+", r"[+-]?\s*(?:\d+(?:\.\d*)?|\.\d+)"
_DIGITS = 12
"""Decimals that are kept: what adding up steps gets wrong lies beyond them."""


class BadRange(Exception):
    """A range with no end that could be reached; `code` names the sentence."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _patterns(number: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    ends = rf"\s*({number})\s*-\s*({number})"
    step = rf"{ends}(?:\s*\(\s*({number})\s*\))?\s*"
    return re.compile(step, re.ASCII), re.compile(rf"{ends}\s*\[\s*(\d+)\s*\]\s*", re.ASCII)


_STEPPED, _COUNTED = _patterns(_WHOLE)
_DECIMAL_STEPPED, _DECIMAL_COUNTED = _patterns(_DECIMAL)


def split(text: str) -> list[str]:
    """The values of a list, where quotes hold commas together; line breaks separate, too."""
    rows = csv.reader(StringIO(text), skipinitialspace=True)
    return [value.strip() for row in rows for value in row]


def joined(values: list[str]) -> str:
    """A list that `split` reads back."""
    file = StringIO()
    csv.writer(file, lineterminator="").writerow(values)
    return file.getvalue()


def whole_numbers(text: str, most: int) -> Iterator[int] | None:
    """The numbers of a range; None if it is none.

    Raises:
        BadRange: there are more than `most`, or it leads away from its end.
    """
    if found := _STEPPED.fullmatch(text):
        start, end = _int(found[1]), _int(found[2])
        step = _int(found[3]) if found[3] else (1 if end >= start else -1)
        _check_step(step, end - start, most)
        return iter(range(start, end + (1 if step > 0 else -1), step))
    if found := _COUNTED.fullmatch(text):
        return (int(one) for one in _spread(found, most))
    return None


def decimal_numbers(text: str, most: int) -> Iterator[float] | None:
    """The same for numbers with decimals.

    Raises:
        BadRange: there are more than `most`, or it leads away from its end.
    """
    if found := _DECIMAL_STEPPED.fullmatch(text):
        start, end = _float(found[1]), _float(found[2])
        step = _float(found[3]) if found[3] else (1.0 if end >= start else -1.0)
        _check_step(step, end - start, most)
        count = math.floor((end - start) / step + 1e-9) + 1
        return (round(start + place * step, _DIGITS) for place in range(count))
    if found := _DECIMAL_COUNTED.fullmatch(text):
        return _spread(found, most)
    return None


def _spread(found: re.Match[str], most: int) -> Iterator[float]:
    """So many numbers from one to the other."""
    start, end, count = _float(found[1]), _float(found[2]), found[3]
    if not 0 < int(count[:9]) <= most:
        raise BadRange("axis_range_long")
    parts = max(int(count) - 1, 1)
    return (round(start + (end - start) * place / parts, _DIGITS) for place in range(int(count)))


def _check_step(step: float, way: float, most: int) -> None:
    if not step or step * way < 0:
        raise BadRange("axis_range_away")
    if way / step >= most:
        raise BadRange("axis_range_long")


def _int(text: str) -> int:
    return int("".join(text.split())[:30])


def _float(text: str) -> float:
    return float("".join(text.split())[:30])
