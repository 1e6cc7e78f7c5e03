"""Deforum's schedules, `0:(1), 30:(1+t/10)`, with what its reader makes of them.

The text is cut at every comma and every colon before anything is read, so neither may stand in a
value. A plain number is interpolated to the next key, any other text is evaluated frame by frame
until the next key. Keys behind the last frame do not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from webui.timeline import deforum_values
from webui.timeline.problems import FormulaError
from webui.timeline.splines import Method, fill_gaps

Array = npt.NDArray[np.float64]

MAX_DIGITS = 100
"""Of a key; Python refuses to read numbers of thousands."""

_PLAIN = re.compile(r"[+-]?[0-9]*(?:\.[0-9]+)?")
_MARKS = str.maketrans("", "", "\"'()")


@dataclass(frozen=True)
class Key:
    """A key of a schedule.

    Attributes:
        frame: the frame number.
        text: the value as written, blanks around it left out.
        position: where the value begins in the schedule.
    """

    frame: int
    text: str
    position: int

    @property
    def bare(self) -> str:
        """The value without quotes and brackets."""
        return self.text.translate(_MARKS)


def is_plain(text: str) -> bool:
    """Whether Deforum takes a text as a number: `5`, `-.5`, `+` too, but not `5.`, `1e3`, ` 5`."""
    return bool(text) and bool(_PLAIN.fullmatch(text))


def read_keys(text: str, frames: int, seed: int) -> dict[int, Key]:
    """The keys of a schedule by frame; of keys at the same frame the last one.

    Args:
        text: the schedule.
        frames: number of frames; `max_f` in a key is one less.
        seed: `s` in a key.

    Raises:
        FormulaError: it cannot be read.
    """
    keys: dict[int, Key] = {}
    start = 0
    for piece in text.split(","):
        key, *values = piece.split(":")
        at = start + len(key) - len(key.lstrip())
        if not key.strip():
            raise FormulaError("schedule_piece" if text.strip() else "schedule_empty", at)
        if not values and text[:start].count("(") > text[:start].count(")"):
            raise FormulaError("schedule_comma", start - 1)
        frame = _frame(key.strip(), at, frames, seed)
        if not values:
            raise FormulaError("schedule_colon", start + len(key.rstrip()), found=key.strip())
        value = values[0]
        place = start + len(key) + 1 + len(value) - len(value.lstrip())
        keys[frame] = Key(frame, value.strip(), place)
        start += len(piece) + 1
    return keys


def _frame(text: str, at: int, frames: int, seed: int) -> int:
    bare = text.translate(_MARKS)
    if is_plain(bare):
        if "." in bare or bare in "+-" or len(bare) > MAX_DIGITS:
            raise FormulaError("schedule_key", at, found=bare[:MAX_DIGITS])
        return int(bare)
    formula = text[text[0] in "\"'" :]
    formula = formula[:-1] if formula[-1:] in ("'", '"') else formula
    offset = at + (len(text) - len(formula) > 0 and text[0] in "\"'")
    variables = {"max_f": np.asarray(frames - 1), "s": np.asarray(seed)}
    try:
        value = deforum_values.evaluate(formula, variables)
        return int(np.asarray(value).item())
    except FormulaError as error:
        raise error.moved(offset) from None
    except (ValueError, OverflowError, TypeError):
        raise FormulaError("schedule_key", at, found=text) from None


def number_series(
    text: str, frames: int, seed: int, method: Method = "Linear", whole: bool = False
) -> Array:
    """A schedule of numbers at every frame, (frames,); infinities stay.

    Args:
        text: the schedule.
        frames: number of frames.
        seed: the run's start seed, `s`.
        method: how the gaps are filled; Deforum's page has Linear only.
        whole: cut the values to whole numbers.

    Raises:
        FormulaError: Deforum stops at this schedule.
    """
    read = read_keys(text, frames, seed)
    keys = _within(read, frames)
    series = np.full(frames, np.nan)
    for key, end in keys:
        if is_plain(key.bare):
            if key.bare in "+-":
                raise FormulaError("formula_ends", key.position + len(key.text))
            series[key.frame] = float(key.bare)
        else:
            series[key.frame : end] = _evaluated(key, end, frames, seed)
    if np.isnan(series).all():
        raise FormulaError("schedule_no_number", keys[0][0].position)
    if len(read) <= (3 if method == "Cubic" else 2):
        method = "Quadratic" if len(read) == 3 else "Linear"
    filled = fill_gaps(series, method)
    return np.trunc(filled) if whole else filled


def _evaluated(key: Key, end: int, frames: int, seed: int) -> Array:
    numbers = np.arange(key.frame, end, dtype=np.int64)
    variables: Mapping[str, npt.NDArray[Any]] = {
        "t": numbers,
        "i": numbers,
        "s": np.asarray(seed, dtype=np.int64),
        "max_f": np.asarray(frames - 1, dtype=np.int64),
    }
    try:
        return deforum_values.as_numbers(deforum_values.evaluate(key.text, variables))
    except FormulaError as error:
        raise error.moved(key.position) from None


def text_series(text: str, frames: int, seed: int) -> tuple[str, ...]:
    """A schedule of texts at every frame; quotes and brackets are left out, wherever they stand.

    Raises:
        FormulaError: Deforum stops at this schedule; it does at a number, too.
    """
    series: list[str] = []
    for key, end in _within(read_keys(text, frames, seed), frames):
        if is_plain(key.bare):
            raise FormulaError("schedule_text", key.position, found=key.text)
        series += [key.bare] * (end - key.frame)
    return tuple(series)


def _within(keys: Mapping[int, Key], frames: int) -> list[tuple[Key, int]]:
    """The keys that count, in order, each with the frame where it ends."""
    counting = sorted(frame for frame in keys if 0 <= frame < frames)
    if not counting or counting[0] != 0:
        raise FormulaError("schedule_start", 0)
    ends = [*counting[1:], frames]
    return [(keys[frame], end) for frame, end in zip(counting, ends, strict=True)]
