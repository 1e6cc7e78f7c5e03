"""What a formula means in native mode: real numbers, one value a frame.

Everything is float64; truth is 1 and 0. A value that is no number is told, by `keyframes`, with its
frame; inside a formula it may pass (`where(t > 0, 1/t, 0)`).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from webui.timeline.easing import EASINGS, Easing, bezier, ease
from webui.timeline.expressions import Operation, Program, run
from webui.timeline.problems import FormulaError

Array = npt.NDArray[np.float64]

CONSTANTS: Mapping[str, float] = {
    "pi": np.pi,
    "tau": 2 * np.pi,
    "e": np.e,
    "True": 1.0,
    "False": 0.0,
}


def _noise(x: Array, seed: npt.ArrayLike = 0.0) -> Array:
    """Noise from -1 to 1: random values at whole x, a quintic curve between (Perlin 2002)."""
    left = np.floor(x)
    part = x - left
    fade = part**3 * (part * (part * 6 - 15) + 10)
    return _random(left, seed) * (1 - fade) + _random(left + 1, seed) * fade


def _random(x: Array, seed: npt.ArrayLike = 0.0) -> Array:
    """A number from -1 to 1 for each whole x and seed (the finaliser of splitmix64)."""
    whole = [np.nan_to_num(np.floor(value)).astype(np.int64) for value in (x, np.asarray(seed))]
    mixed = whole[0].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = mixed + np.uint64(0x632BE59BD9B4E019)
    mixed = mixed + whole[1].astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**52 - 1.0


def _lerp(start: Array, end: Array, x: Array) -> Array:
    return start + (end - start) * x


def _clip(x: Array, low: Array, high: Array) -> Array:
    return np.minimum(np.maximum(x, low), high)


def _where(condition: Array, yes: Array, no: Array) -> Array:
    return np.where(condition != 0, yes, no)


def _wave(x: Array, period: Array) -> Array:
    return np.sin(2 * np.pi * x / period)


def _saw(x: Array, period: Array) -> Array:
    return 2 * _phase(x, period) - 1


def _square(x: Array, period: Array) -> Array:
    return np.where(_phase(x, period) < 0.5, 1.0, -1.0)


def _phase(x: Array, period: Array) -> Array:
    return np.mod(x / period, 1.0)


def _triangle(x: Array, period: Array) -> Array:
    return 1 - 4 * np.abs(_phase(x + period / 4, period) - 0.5)


def _bezier(x: Array, *handles: Array) -> Array:
    x1, y1, x2, y2 = (float(np.ravel(handle)[0]) for handle in handles)
    return ease(bezier(float(np.clip(x1, 0, 1)), y1, float(np.clip(x2, 0, 1)), y2), x)


def _eased(easing: Easing) -> Callable[[Array], Array]:
    return lambda x: ease(easing, x)


def _many(function: Callable[[Any, Any], Any]) -> Callable[..., Array]:
    return lambda *values: reduce(function, values)


@dataclass(frozen=True)
class Function:
    """A function of formulas; it takes from `least` to `most` values."""

    call: Callable[..., Any]
    least: int = 1
    most: int = 1


_MANY = 100
FUNCTIONS: Mapping[str, Function] = {
    **{name: Function(_eased(easing)) for name, easing in EASINGS.items()},
    **{
        name: Function(getattr(np, name))
        for name in (
            "abs sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh exp expm1 "
            "log log2 log10 log1p sqrt cbrt floor ceil round trunc sign radians degrees"
        ).split()
    },
    **{name: Function(getattr(np, f"arc{name[1:]}")) for name in ("asin", "acos", "atan")},
    "atan2": Function(np.arctan2, 2, 2),
    "arctan2": Function(np.arctan2, 2, 2),
    "hypot": Function(np.hypot, 2, 2),
    "pow": Function(np.power, 2, 2),
    "mod": Function(np.mod, 2, 2),
    "fmod": Function(np.fmod, 2, 2),
    "min": Function(_many(np.minimum), 1, _MANY),
    "max": Function(_many(np.maximum), 1, _MANY),
    "clip": Function(_clip, 3, 3),
    "lerp": Function(_lerp, 3, 3),
    "where": Function(_where, 3, 3),
    "noise": Function(_noise, 1, 2),
    "random": Function(_random, 1, 2),
    "bezier": Function(_bezier, 5, 5),
    "wave": Function(_wave, 2, 2),
    "triangle": Function(_triangle, 2, 2),
    "saw": Function(_saw, 2, 2),
    "square": Function(_square, 2, 2),
}
"""All functions by name: easings of 0…1, trigonometry in radians, and oscillators with a period."""

_BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "//": np.floor_divide,
    "%": np.mod,
    "**": np.power,
    "&": np.logical_and,
    "|": np.logical_or,
    "and": np.logical_and,
    "or": np.logical_or,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def evaluate(program: Program, variables: Mapping[str, Array], frames: int) -> Array:
    """The value of a formula at every frame, (frames,); it may have NaN and infinities.

    Args:
        program: the formula.
        variables: arrays (frames,) or of one element by name.
        frames: how many values are wanted.

    Raises:
        FormulaError: a name, a function or an operator does not exist.
    """
    with np.errstate(all="ignore"):
        value = run(program, Native(variables))
    return np.array(np.broadcast_to(value, frames), dtype=np.float64)


@dataclass(frozen=True)
class Native:
    """The operations of real numbers."""

    variables: Mapping[str, Array]

    def apply(self, step: Operation, operands: list[Array]) -> Array:
        """The value of one operation."""
        match step.kind:
            case "number":
                return self._number(step)
            case "name":
                return self._variable(step)
            case "unary" | "logic" | "binary":
                value = self._operator(step, operands)
            case "compare":
                value = _compare(step, operands)
            case "call":
                value = self._call(step, operands)
            case "choose":
                value = np.where(operands[0] != 0, operands[1], operands[2])
            case _:
                raise FormulaError("formula_character", step.position, found=".")
        return np.asarray(value, dtype=np.float64)

    def _number(self, step: Operation) -> Array:
        if isinstance(step.value, complex):
            raise FormulaError("formula_number", step.position, found=step.name)
        try:
            return np.asarray(float(step.value))
        except OverflowError:
            raise FormulaError("formula_too_large", step.position) from None

    def _variable(self, step: Operation) -> Array:
        if step.name in self.variables:
            return self.variables[step.name]
        if step.name in CONSTANTS:
            return np.asarray(CONSTANTS[step.name])
        names = ", ".join(sorted({*self.variables, "pi", "tau", "e"}))
        raise FormulaError("formula_name", step.position, name=step.name, names=names)

    def _operator(self, step: Operation, operands: list[Array]) -> Any:
        if len(operands) == 1:
            value = operands[0]
            return {"+": value, "-": -value}.get(step.name, value == 0)
        if step.name not in _BINARY:
            raise FormulaError("formula_native", step.position, found=step.name)
        return _BINARY[step.name](*operands)

    def _call(self, step: Operation, operands: list[Array]) -> Any:
        function = FUNCTIONS.get(step.name)
        if function is None:
            near = difflib.get_close_matches(step.name, FUNCTIONS, 3, 0.5)
            names = ", ".join(near or ["sin", "cos", "clip", "lerp", "noise"])
            raise FormulaError("formula_function", step.position, name=step.name, names=names)
        if not function.least <= len(operands) <= function.most:
            least, most = function.least, function.most
            count = f"{least}" if least == most else f"{least}…{most}"
            raise FormulaError("formula_count", step.position, name=step.name, count=count)
        return function.call(*operands)


def _compare(step: Operation, operands: list[Array]) -> Any:
    """`a < b < c` is `a < b and b < c`."""
    pairs = zip(step.name.split(), operands, operands[1:], strict=False)
    return reduce(np.logical_and, [_BINARY[name](left, right) for name, left, right in pairs])
