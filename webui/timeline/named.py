"""Names for formulas: labels, which stand for frames, and series, a number for every frame."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webui.timeline.keyframes import Clock, frame_of
from webui.timeline.native_values import CONSTANTS
from webui.timeline.problems import Finding, FormulaError, finding, found_in

Array = npt.NDArray[np.float64]

RESERVED = frozenset({"t", "max_f", "s", "w", "h", "fps", *CONSTANTS})
"""What names stand for already."""
MOST_ROWS = 1_000_000


class _Source(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    values: tuple[float, ...] | None = None


class SoundSource(_Source):
    """A series that a sound gives; the server hears it and puts `values` beside.

    Attributes:
        sound: what the file is called among the files of the request; `soundtrack_path` is the
            film's.
        of: amplitude 0 to 1; pitch in Hz, 0 for none; onsets, 1 and less where something begins.
        low, high: Hz; what lies outside is not heard.
        threshold: of onsets, higher hears fewer.
        fall: of onsets, seconds in which what began falls to 37 %.
    """

    sound: str = Field(min_length=1, max_length=1000)
    of: Literal["amplitude", "pitch", "onsets"] = "amplitude"
    low: float = Field(default=0.0, ge=0, le=20_000)
    high: float = Field(default=20_000.0, ge=0, le=20_000)
    threshold: float = Field(default=0.5, ge=0, le=20)
    fall: float = Field(default=0.25, ge=0, le=60)


class CsvSource(_Source):
    """A series that a column of a table gives.

    Attributes:
        csv: the table itself: rows of numbers, with or without a row of names.
        column: its name, or its number from 0.
        per: rows a second; None for a row a frame.
    """

    csv: str = Field(max_length=20_000_000)
    column: str | int = 0
    per: float | None = Field(default=None, gt=0, le=100_000)


Source = SoundSource | CsvSource


def source_of(value: object) -> Source | None:
    """What an entry of `series` takes its numbers from; None where it holds them itself.

    Raises:
        ValidationError: it is none.
    """
    if not isinstance(value, Mapping):
        return None
    given = cast(Mapping[str, Any], value)
    kind: type[Source] = CsvSource if "csv" in given else SoundSource
    return kind.model_validate(dict(given))


@dataclass(frozen=True)
class Names:
    """The clock with all names, and what is wrong with some of them."""

    clock: Clock
    findings: tuple[Finding, ...]


def named(clock: Clock, labels: Mapping[str, Any], series: Mapping[str, Any]) -> Names:
    """The labels and series of the settings.

    Args:
        labels: name -> frame, time (`2s`) or beat (`8b`), as keys of schedules have them; also
            formulas with the labels before.
        series: name -> a number, a list over the frames, or a source, see above.
    """
    findings: list[Finding] = []
    for name, place in labels.items():
        parameter = f"labels.{name}"
        try:
            _check_name(parameter, name, clock.labels)
            frame = frame_of(_as_text(place), 0, clock)
            clock = replace(clock, labels={**clock.labels, name: frame})
        except FormulaError as error:
            findings.append(found_in(parameter, error))
        except _Wrong as wrong:
            findings.append(wrong.found)
    made: dict[str, npt.ArrayLike] = {}
    for name, value in series.items():
        parameter = f"series.{name}"
        try:
            _check_name(parameter, name, clock.labels)
            made[name] = _filled(parameter, _numbers(parameter, value, clock), clock.frames)
        except _Wrong as wrong:
            findings.append(wrong.found)
    return Names(replace(clock, series=made), tuple(findings))


class _Wrong(Exception):
    def __init__(self, found: Finding) -> None:
        super().__init__(found.problem.message)
        self.found = found


def _check_name(parameter: str, name: str, labels: Mapping[str, float]) -> None:
    if not name.isidentifier():
        raise _Wrong(finding(parameter, "name_letters", None, name=name))
    if name in RESERVED or name in labels:
        raise _Wrong(finding(parameter, "name_taken", None, name=name))


def _as_text(place: object) -> str:
    if isinstance(place, str):
        return place
    if isinstance(place, int | float) and not isinstance(place, bool):
        return str(place)
    raise FormulaError("schedule_key", 0, found=str(place)[:60])


def _numbers(parameter: str, value: object, clock: Clock) -> Sequence[float] | Array:
    try:
        source = source_of(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        told = finding(parameter, "series_source", None, name=where, reason=first["msg"])
        raise _Wrong(told) from None
    if source is None:
        return cast(Any, value)
    if isinstance(source, CsvSource):
        return list(_column(source, clock, parameter))
    if source.values is None:
        raise _Wrong(finding(parameter, "series_sound", None, name=source.sound))
    return [*source.values, 0.0]  # behind the end of the sound there is silence


def _filled(parameter: str, numbers: Sequence[float] | Array, frames: int) -> Array:
    """A number for every frame, (frames,): the last one holds."""
    try:
        series = np.atleast_1d(np.array(numbers, dtype=np.float64))
    except (TypeError, ValueError, OverflowError):
        raise _Wrong(finding(parameter, "series_numbers")) from None
    if not series.size or series.ndim != 1 or not np.isfinite(series).all():
        raise _Wrong(finding(parameter, "series_numbers"))
    missing = max(frames - len(series), 0)
    return np.concatenate([series[:frames], np.full(missing, series[-1])])


def _column(source: CsvSource, clock: Clock, parameter: str) -> Iterator[float]:
    """The numbers of a column, one a frame (between two rows, by a straight line)."""
    if source.values is not None:
        yield from source.values
        return
    numbers = _cells(source, parameter)
    if source.per is None:
        yield from numbers
        return
    rows = np.arange(len(numbers)) * clock.fps / source.per
    yield from np.interp(np.arange(clock.frames), rows, numbers).tolist()


def _cells(source: CsvSource, parameter: str) -> list[float]:
    first_line = source.csv.partition("\n")[0]
    mark = max(",;\t", key=first_line.count)
    rows = [row for row in csv.reader(io.StringIO(source.csv.strip()), delimiter=mark) if row]
    header = [] if not rows or _is_number(rows[0][0]) else [cell.strip() for cell in rows[0]]
    place = source.column if isinstance(source.column, int) else _index(source.column, header)
    cells = rows[1:] if header else rows
    if place is None or not cells or not 0 <= place < len(cells[0]) or len(cells) > MOST_ROWS:
        there = ", ".join(header) or f"0…{max(len(cells[0]) - 1, 0) if cells else 0}"
        named = {"name": str(source.column), "names": there}
        raise _Wrong(finding(parameter, "series_column", None, **named))
    numbers: list[float] = []
    for number, row in enumerate(cells, 2 if header else 1):
        cell = row[place].strip() if place < len(row) else ""
        if not _is_number(cell):
            told = {"row": number, "found": cell[:60]}
            raise _Wrong(finding(parameter, "series_cell", None, **told))
        numbers.append(float(cell))
    return numbers


def _index(column: str, header: list[str]) -> int | None:
    if column in header:
        return header.index(column)
    return int(column) if column.isdecimal() else None


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
