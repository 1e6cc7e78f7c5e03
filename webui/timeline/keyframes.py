"""Native schedules: `0:(1), 30:(5) ease_in_out, 2s:(lerp(0, 9, t/max_f))`.

A key is a frame (a number, a label, or a formula of max_f, s, w, h, fps and labels), a time (`2s`)
or a beat (`8b`). Its value is a formula. One without `t` is a point of the curve: it is
interpolated to the next key, by a straight line unless a word behind the brackets says otherwise.
One with `t` is followed until the next key; with such a word it is blended into the next key's
value. The first key holds before itself, the last one behind itself, and a key behind the end of
the animation still draws the curve towards itself.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from webui.timeline import native_values
from webui.timeline.easing import EASINGS, ease, easing_of
from webui.timeline.expressions import Program, parse
from webui.timeline.problems import FormulaError
from webui.timeline.splines import Method, curve

Array = npt.NDArray[np.float64]

SPLINES: Mapping[str, Method] = {"quadratic": "Quadratic", "cubic": "Cubic"}
"""Words behind the first key that draw one curve through all points."""

_TIME = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)\s*(s|b|f)")
_WAY = re.compile(r"\s*([A-Za-z][\w-]*\s*(?:\([^()]*\))?)\s*")
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True)
class Clock:
    """What the names in formulas stand for.

    Attributes:
        frames: number of frames; `max_f` is one less.
        seed: the start seed, `s`.
        width: of a frame in pixels, `w`.
        height: likewise, `h`.
        fps: frames a second.
        bpm: beats a minute, for keys in beats.
        series: more names, each with a number for every frame, (frames,), or for all of them.
        labels: names for frames, in formulas and as keys.
    """

    frames: int
    seed: int = 0
    width: int = 512
    height: int = 512
    fps: float = 15.0
    bpm: float = 120.0
    series: Mapping[str, npt.ArrayLike] = field(default_factory=dict[str, npt.ArrayLike])
    labels: Mapping[str, float] = field(default_factory=dict[str, float])

    def constants(self) -> dict[str, Array]:
        """The names that mean the same at every frame."""
        numbers = {
            "max_f": self.frames - 1,
            "s": self.seed,
            "w": self.width,
            "h": self.height,
            "fps": self.fps,
            **self.labels,
        }
        return {name: np.asarray(float(value)) for name, value in numbers.items()}

    def variables(self) -> dict[str, Array]:
        """All names at all frames, those that change as arrays (frames,)."""
        return self.at(np.arange(self.frames, dtype=np.float64))

    def at(self, frames: Array) -> dict[str, Array]:
        """All names at some frames, between two frames too."""
        return {**dict(self._moving(frames)), **self.constants(), "t": frames}

    def _moving(self, frames: Array) -> Iterator[tuple[str, Array]]:
        known = np.arange(self.frames, dtype=np.float64)
        for name, values in self.series.items():
            array = np.asarray(values, dtype=np.float64)
            yield name, array if array.ndim == 0 else np.interp(frames, known, array)


@dataclass(frozen=True)
class Key:
    """A key as written.

    Attributes:
        name: the frame, time or beat as written, without quotes; empty for a value alone.
        frame: where it stands; it need not be whole, nor within the animation.
        text: its value without the outer brackets or quotes.
        position: where that begins in the schedule.
        way: the word behind it, empty for none.
        way_position: where that stands.
    """

    frame: float
    name: str
    text: str
    position: int
    way: str = ""
    way_position: int = 0


def read_keys(text: str, clock: Clock) -> list[Key]:
    """The keys of a schedule in the order of their frames; at one frame the last one counts.

    A text without any key is a value for all frames.

    Raises:
        FormulaError: it is not a schedule.
    """
    if not text.strip():
        raise FormulaError("schedule_empty", 0)
    keys: dict[float, Key] = {}
    pieces = [(start, piece) for start, piece in _split(text, 0, ",;") if piece.strip()]
    if not pieces:
        raise FormulaError("schedule_piece", 0)
    for start, piece in pieces:
        (at, name), *rest = _split(piece, start, ":")
        if not rest:
            if len(pieces) > 1:
                raise FormulaError("schedule_colon", at + len(name.rstrip()), found=name.strip())
            key = _key(0.0, "", name, at)
        else:
            frame = frame_of(name, at, clock)
            place = rest[0][0]
            written = _unquoted(name.strip())[0].strip()
            key = _key(frame, written, piece[place - start :], place)
        keys.pop(key.frame, None)
        keys[key.frame] = key
    return [keys[frame] for frame in sorted(keys)]


def _split(text: str, start: int, marks: str) -> Iterator[tuple[int, str]]:
    """The pieces between marks outside of brackets and quotes, each with its position."""
    depth, quote, begin = 0, "", 0
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in _OPEN:
            depth += 1
        elif letter in _CLOSE:
            depth = max(depth - 1, 0)
        elif letter in marks and not depth:
            yield start + begin, text[begin:place]
            begin = place + 1
    yield start + begin, text[begin:]


def frame_of(text: str, at: int, clock: Clock) -> float:
    """The frame of a key; `at` is where its text stands.

    Raises:
        FormulaError: it is no number, time, beat or formula of constants.
    """
    at += len(text) - len(text.lstrip())
    name = text.strip()
    inner, offset = _unquoted(name)
    if found := _TIME.fullmatch(inner.strip()):
        scale = {"f": 1.0, "s": clock.fps, "b": clock.fps * 60 / clock.bpm}[found[2]]
        return float(found[1]) * scale
    if not inner.strip():
        raise FormulaError("schedule_key", at, found=name)
    try:
        value = native_values.evaluate(parse(inner), clock.constants(), 1)[0]
    except FormulaError as error:
        raise error.moved(at + offset) from None
    if not np.isfinite(value):
        raise FormulaError("schedule_key", at, found=name)
    return float(value)


def _unquoted(text: str) -> tuple[str, int]:
    """A text without the quotes around it, and how many characters were cut before it."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return (text[1:-1], 1) if quoted and text[0] not in text[1:-1] else (text, 0)


def _key(frame: float, name: str, text: str, at: int) -> Key:
    at += len(text) - len(text.lstrip())
    text = text.strip()
    way, way_at = "", 0
    end = _closing(text)
    if end is not None and (found := _WAY.fullmatch(text, end + 1)):
        way, way_at, text = found[1].strip(), at + found.start(1), text[: end + 1]
    if text and _closing(text) == len(text) - 1:
        text, at = text[1:-1], at + 1
    at += len(text) - len(text.lstrip())
    inner, offset = _unquoted(text.strip())
    return Key(frame, name, inner, at + offset, way, way_at)


def _closing(text: str) -> int | None:
    """Where the bracket that a text begins with is closed."""
    depth, quote = 0, ""
    if not text.startswith("("):
        return None
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        else:
            depth += (letter == "(") - (letter == ")")
            if not depth:
                return place
    return None


def number_series(text: str, clock: Clock) -> Array:
    """A schedule of numbers at every frame, (frames,), all finite.

    Raises:
        FormulaError: it cannot be read, or gives no number at some frame.
    """
    points = [_Point.read(key, clock) for key in read_keys(text, clock)]
    spline = SPLINES.get(points[0].key.way.lower())
    if spline and not any(point.moves for point in points):
        at = np.clip(np.arange(clock.frames, dtype=float), points[0].frame, points[-1].frame)
        x, y = np.array([[point.frame, point.at_key] for point in points]).T
        return curve(x, y, at, spline)
    begins = [min(max(math.ceil(point.frame), 0), clock.frames) for point in points]
    series = np.empty(clock.frames)
    series[: begins[0]] = points[0].at(np.arange(begins[0], dtype=float))
    for number, (start, stop) in enumerate(zip(begins, [*begins[1:], clock.frames], strict=True)):
        if start < stop:
            series[start:stop] = _between(points, number, np.arange(start, stop, dtype=float))
    _check_finite(series, points, begins)
    return series


@dataclass(frozen=True)
class _Point:
    """A key with its formula, and its value where it stands; `moves` if it depends on the frame."""

    key: Key
    program: Program
    clock: Clock
    at_key: float
    moves: bool

    @property
    def frame(self) -> float:
        return self.key.frame

    @staticmethod
    def read(key: Key, clock: Clock) -> _Point:
        try:
            program = parse(key.text)
            moves = bool(program.names & {"t", *clock.series})
            names = clock.at(np.array([key.frame])) if moves else clock.constants()
            at_key = float(native_values.evaluate(program, names, 1)[0])
            if not moves and not np.isfinite(at_key):
                raise _no_number(0, max(round(key.frame), 0), at_key)
        except FormulaError as error:
            raise error.moved(key.position) from None
        if key.way and key.way.lower() not in (*SPLINES, "smooth") and not easing_of(key.way):
            raise FormulaError("schedule_easing", key.way_position, found=key.way)
        return _Point(key, program, clock, at_key, moves)

    def at(self, frames: Array) -> Array:
        """The formula's values at frames."""
        if not self.moves:
            return np.full(len(frames), self.at_key)
        return native_values.evaluate(self.program, self.clock.at(frames), len(frames))


def _between(points: list[_Point], number: int, frames: Array) -> Array:
    """The values from a key to the next one."""
    point = points[number]
    own = point.at(frames)
    if number + 1 == len(points) or (point.moves and not point.key.way):
        return own
    following = points[number + 1]
    x = (frames - point.frame) / (following.frame - point.frame)
    if point.key.way.lower() == "smooth" and not point.moves:
        return _smooth(points, number, x)
    progress = ease(easing_of(point.key.way) or EASINGS["linear"], x)
    with np.errstate(invalid="ignore"):
        blended = own * (1 - progress) + following.at_key * progress
    return np.where(progress == 0, own, blended)


def _smooth(points: list[_Point], number: int, x: Array) -> Array:
    """A cubic Hermite curve whose slopes at the keys are those between their neighbours
    (Catmull and Rom 1974, for keys at any distance)."""
    before, after = points[max(number - 1, 0)], points[min(number + 2, len(points) - 1)]
    start, end = points[number], points[number + 1]
    length = end.frame - start.frame
    leaving = (end.at_key - before.at_key) / (end.frame - before.frame) * length
    arriving = (after.at_key - start.at_key) / (after.frame - start.frame) * length
    return (
        (2 * x**3 - 3 * x**2 + 1) * start.at_key
        + (x**3 - 2 * x**2 + x) * leaving
        + (3 * x**2 - 2 * x**3) * end.at_key
        + (x**3 - x**2) * arriving
    )


def _check_finite(series: Array, points: list[_Point], begins: list[int]) -> None:
    wrong = np.flatnonzero(~np.isfinite(series))
    if not len(wrong):
        return
    frame = int(wrong[0])
    place = max(bisect_right(begins, frame) - 1, 0)
    if np.isfinite(points[place].at(np.array([float(frame)])))[0]:
        place += 1  # the next key's value draws the curve away
    blamed = points[min(place, len(points) - 1)]
    raise _no_number(blamed.key.position, frame, series[frame])


def _no_number(position: int, frame: int, value: float) -> FormulaError:
    return FormulaError("formula_not_finite", position, frame=frame, value=str(float(value)))


def text_series(text: str, clock: Clock) -> tuple[str, ...]:
    """A schedule of texts at every frame: each holds until the next key.

    Raises:
        FormulaError: it is not a schedule.
    """
    keys = read_keys(text, clock)
    begins = [key.frame for key in keys]
    places = (bisect_right(begins, frame) - 1 for frame in range(clock.frames))
    return tuple(keys[max(place, 0)].text for place in places)
