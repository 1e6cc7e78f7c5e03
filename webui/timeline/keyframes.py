"""Native schedules: `0:(1), 30:(5) ease_in_out, 2s:(lerp(0, 9, t/max_f))`.

A key is a frame (a number or a formula of max_f, s, w, h, fps), a time (`2s`) or a beat (`8b`). Its
value is a formula. One without `t` is a point of the curve: it is interpolated to the next key, by
a straight line unless a word behind the brackets says otherwise. One with `t` is followed until the
next key; with such a word it is blended into the next key's value. The first key holds before
itself, the last one behind itself, and a key behind the end of the animation still draws the curve
towards itself.
"""

from __future__ import annotations

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
    """

    frames: int
    seed: int = 0
    width: int = 512
    height: int = 512
    fps: float = 15.0
    bpm: float = 120.0
    series: Mapping[str, npt.ArrayLike] = field(default_factory=dict[str, npt.ArrayLike])

    def constants(self) -> dict[str, Array]:
        """The names that mean the same at every frame."""
        numbers = {
            "max_f": self.frames - 1,
            "s": self.seed,
            "w": self.width,
            "h": self.height,
            "fps": self.fps,
        }
        return {name: np.asarray(float(value)) for name, value in numbers.items()}

    def variables(self) -> dict[str, Array]:
        """All names, those that change with the frame as arrays (frames,)."""
        moving = {name: np.asarray(value, dtype=float) for name, value in self.series.items()}
        return {**moving, **self.constants(), "t": np.arange(self.frames, dtype=np.float64)}


@dataclass(frozen=True)
class Key:
    """A key as written.

    Attributes:
        frame: where it stands; it need not be whole, nor within the animation.
        text: its value without the outer brackets or quotes.
        position: where that begins in the schedule.
        way: the word behind it, empty for none.
        way_position: where that stands.
    """

    frame: float
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
            key = _key(0.0, name, at)
        else:
            frame = frame_of(name, at, clock)
            place = rest[0][0]
            key = _key(frame, piece[place - start :], place)
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


def _key(frame: float, text: str, at: int) -> Key:
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
    return Key(frame, inner, at + offset, way, way_at)


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
    keys = [_Point.read(key, clock) for key in read_keys(text, clock)]
    spline = SPLINES.get(keys[0].key.way.lower())
    if spline and not any(point.moves for point in keys):
        at = np.clip(np.arange(clock.frames, dtype=float), keys[0].frame, keys[-1].frame)
        x, y = np.array([[point.frame, point.at_key] for point in keys]).T
        return curve(x, y, at, spline)
    frames = np.arange(clock.frames)
    series = keys[0].values.copy()
    for number, point in enumerate(keys):
        following = keys[number + 1] if number + 1 < len(keys) else None
        where = (frames >= point.frame) & (frames < (following.frame if following else np.inf))
        if where.any():
            with np.errstate(invalid="ignore"):
                series[where] = _between(keys, number, frames[where])
    _check_finite(series, keys)
    return series


@dataclass(frozen=True, eq=False)
class _Point:
    """A key with its value at every frame, and at its own."""

    key: Key
    values: Array
    at_key: float
    moves: bool

    @property
    def frame(self) -> float:
        return self.key.frame

    @staticmethod
    def read(key: Key, clock: Clock) -> _Point:
        try:
            program = parse(key.text)
            values = native_values.evaluate(program, clock.variables(), clock.frames)
            moves = bool(program.names & {"t", *clock.series})
            at_key = _value_at(program, key.frame, clock) if moves else values[0]
            if not moves and not np.isfinite(at_key):
                raise _no_number(0, max(round(key.frame), 0), at_key)
        except FormulaError as error:
            raise error.moved(key.position) from None
        if key.way and key.way.lower() not in (*SPLINES, "smooth") and not easing_of(key.way):
            raise FormulaError("schedule_easing", key.way_position, found=key.way)
        return _Point(key, values, float(at_key), moves)


def _value_at(program: Program, frame: float, clock: Clock) -> float:
    frames = np.arange(clock.frames)
    variables = {
        name: value if value.ndim == 0 else np.asarray(np.interp(frame, frames, value))
        for name, value in clock.variables().items()
    }
    variables["t"] = np.asarray(frame)
    return float(native_values.evaluate(program, variables, 1)[0])


def _between(keys: list[_Point], number: int, frames: npt.NDArray[np.int_]) -> Array:
    """The values from a key to the next one."""
    point = keys[number]
    own = point.values[frames]
    if number + 1 == len(keys) or (point.moves and not point.key.way):
        return own
    following = keys[number + 1]
    x = (frames.astype(np.float64) - point.frame) / (following.frame - point.frame)
    if point.key.way.lower() == "smooth" and not point.moves:
        return _smooth(keys, number, x)
    progress = ease(easing_of(point.key.way) or EASINGS["linear"], x)
    return own * (1 - progress) + following.at_key * progress


def _smooth(keys: list[_Point], number: int, x: Array) -> Array:
    """A cubic Hermite curve whose slopes at the keys are those between their neighbours
    (Catmull and Rom 1974, for keys at any distance)."""
    before, after = keys[max(number - 1, 0)], keys[min(number + 2, len(keys) - 1)]
    start, end = keys[number], keys[number + 1]
    length = end.frame - start.frame
    leaving = (end.at_key - before.at_key) / (end.frame - before.frame) * length
    arriving = (after.at_key - start.at_key) / (after.frame - start.frame) * length
    return (
        (2 * x**3 - 3 * x**2 + 1) * start.at_key
        + (x**3 - 2 * x**2 + x) * leaving
        + (3 * x**2 - 2 * x**3) * end.at_key
        + (x**3 - x**2) * arriving
    )


def _check_finite(series: Array, keys: list[_Point]) -> None:
    wrong = np.flatnonzero(~np.isfinite(series))
    if not len(wrong):
        return
    frame = int(wrong[0])
    place = max(sum(point.frame <= frame for point in keys) - 1, 0)
    # A key without `t` is finite: then it is the next one's value that draws the curve away.
    place += not keys[place].moves or bool(np.isfinite(keys[place].values[frame]))
    blamed = keys[min(place, len(keys) - 1)]
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
