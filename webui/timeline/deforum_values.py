"""What a formula means to Deforum: the arithmetic of numexpr 2.9, which it evaluates with.

Measured on numexpr itself. What is written with numbers only is computed by Python's rules, before
any frame is looked at; what holds a variable has one of the kinds below and follows C's: whole
numbers have 64 bits and wrap, `/` is a true division, `%` has the divisor's sign.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from webui.timeline.expressions import Operation, Program, parse, run
from webui.timeline.problems import FormulaError

MAX_BITS = 1024
"""Size of a whole number that is written out with numbers only."""

KINDS = tuple(np.dtype(name) for name in ("?", "i4", "i8", "f4", "f8", "c16"))
"""numexpr's bool, int, long, float, double and complex; two of them meet in the later one."""
_BOOL, _INT, _LONG, _FLOAT, _DOUBLE, _COMPLEX = KINDS
_REAL = (_INT, _LONG, _FLOAT, _DOUBLE)

_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": np.absolute,
    "conj": np.conj,
    **{
        name: getattr(np, name)
        for name in (
            "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
            "log log10 log1p exp expm1 sqrt floor ceil real imag ones_like copy arctan2 fmod"
        ).split()
    },
}
_TWO = ("arctan2", "fmod")
_REDUCTIONS = ("sum", "prod", "min", "max")
_CONSTANTS = {"True": True, "False": False}
_PYTHON: Mapping[str, Callable[[Any, Any], Any]] = {
    sign: getattr(operator, name)
    for sign, name in (
        ("+", "add"),
        ("-", "sub"),
        ("*", "mul"),
        ("/", "truediv"),
        ("//", "floordiv"),
        ("%", "mod"),
        ("**", "pow"),
        ("<<", "lshift"),
        (">>", "rshift"),
        ("&", "and_"),
        ("|", "or_"),
        ("^", "xor"),
        ("<", "lt"),
        (">", "gt"),
        ("<=", "le"),
        (">=", "ge"),
        ("==", "eq"),
        ("!=", "ne"),
    )
}
_KINDS_OF: Mapping[str, tuple[np.dtype[Any], ...]] = {
    **dict.fromkeys(("+", "-", "*"), (*_REAL, _COMPLEX)),
    **dict.fromkeys(("%", "<", ">", "<=", ">="), _REAL),
    **dict.fromkeys(("<<", ">>"), (_INT, _LONG)),
    **dict.fromkeys(("&", "|"), (_BOOL,)),
    **dict.fromkeys(("==", "!="), KINDS),
}
"""Operators on arrays and the kinds that numexpr has them for."""

Value = Any
"""A number of Python's, if it was computed from numbers only, or an array over the frames."""


def evaluate(text: str, variables: Mapping[str, npt.NDArray[Any]]) -> Value:
    """The value of a formula as Deforum computes it.

    Args:
        text: the formula.
        variables: arrays over the frames, or of one element.

    Raises:
        FormulaError: Deforum stops at this formula.
    """
    if text[:1].isspace():
        raise FormulaError("formula_blank", 0)
    program = parse(text, lines=False)
    _check_reductions(program)
    with np.errstate(all="ignore"):
        value = run(program, Deforum(variables))
        return _kept(value) if _is_constant(value) else value


def as_numbers(value: Value) -> npt.NDArray[np.float64]:
    """A value as a schedule keeps it: float64, of a complex number the real part."""
    return np.real(np.asarray(value)).astype(np.float64)


@dataclass(frozen=True)
class Deforum:
    """The operations of numexpr."""

    variables: Mapping[str, npt.NDArray[Any]]

    def apply(self, step: Operation, operands: list[Value]) -> Value:
        """The value of one operation."""
        try:
            return self._apply(step, operands)
        except ZeroDivisionError:
            raise FormulaError("formula_zero", step.position) from None
        except OverflowError:
            raise FormulaError("formula_too_large", step.position) from None
        except (TypeError, ValueError):
            raise FormulaError("formula_kinds", step.position, found=step.name) from None

    def _apply(self, step: Operation, operands: list[Value]) -> Value:
        match step.kind:
            case "number":
                return step.value
            case "name":
                return self._variable(step)
            case "unary":
                return _unary(step, operands[0])
            case "binary" | "compare":
                return _between(step, operands)
            case "call":
                return _call(step, operands)
            case "attribute":
                return _attribute(step, operands[0])
            case _:
                return _choice(step, operands)

    def _variable(self, step: Operation) -> Value:
        if step.name in _CONSTANTS:
            return _CONSTANTS[step.name]
        if step.name not in self.variables:
            known = ", ".join(sorted(self.variables)) or "-"
            raise FormulaError("formula_name", step.position, name=step.name, names=known)
        return self.variables[step.name]


def _is_constant(value: Value) -> bool:
    return not isinstance(value, np.ndarray)


def _kept(value: Value) -> Value:
    """A whole number of Python's fits 64 bits in the end."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise FormulaError("formula_too_large", 0)
    return value


def _kind(value: Value) -> np.dtype[Any]:
    if isinstance(value, int) and not isinstance(value, bool):
        return _INT if -(2**31) <= value < 2**31 else _LONG
    return np.asarray(value).dtype


def _common(*values: Value) -> np.dtype[Any]:
    return KINDS[max(KINDS.index(_kind(value)) for value in values)]


def _refuse(step: Operation) -> FormulaError:
    return FormulaError("formula_kinds", step.position, found=step.name)


def _unary(step: Operation, value: Value) -> Value:
    if step.name == "+":
        return value
    constant = _is_constant(value)
    if step.name == "-":
        if not constant and value.dtype == _BOOL:
            raise _refuse(step)
        return -value
    if not constant and value.dtype != _BOOL:
        raise _refuse(step)
    return ~int(value) if isinstance(value, bool) else ~value


def _between(step: Operation, operands: list[Value]) -> Value:
    if all(_is_constant(value) for value in operands):
        return _python(step, operands)
    if len(operands) > 2:
        raise FormulaError("formula_chain", step.position)
    left, right = operands
    kind = _common(left, right)
    if step.name == "/":
        return _quotient(left, right, kind)
    if step.name == "**":
        return _power(step, left, right, kind)
    if step.name not in _KINDS_OF:
        raise FormulaError("formula_deforum", step.position, found=step.name)
    if kind == _BOOL and step.name in ("<", ">", "<=", ">="):
        kind = _INT
    if kind not in _KINDS_OF[step.name]:
        raise _refuse(step)
    return _two(step.name, _cast(left, kind), _cast(right, kind))


def _quotient(left: Value, right: Value, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    if type(right) is float and not right and _kind(left) in (_LONG, _DOUBLE):
        raise ZeroDivisionError  # numexpr tries to multiply by the inverse
    kind = _DOUBLE if kind in (_BOOL, _INT, _LONG) else kind
    return np.divide(_cast(left, kind), _cast(right, kind))


def _two(name: str, left: npt.NDArray[Any], right: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if name in ("<<", ">>"):  # C takes the shift by the number's size
        right = right & (left.dtype.itemsize * 8 - 1)
    if name == "%" and left.dtype.kind == "f":
        return left - np.floor(left / right) * right
    return np.asarray(_PYTHON[name](left, right))


def _cast(value: Value, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    return np.asarray(value).astype(kind) if kind == _BOOL else np.asarray(value, dtype=kind)


def _power(step: Operation, left: Value, right: Value, kind: np.dtype[Any]) -> Value:
    whole = _kind(left) in (_INT, _LONG)
    if _is_constant(right):
        if isinstance(right, complex):
            raise _refuse(step)
        if whole and _kind(right) in (_BOOL, _INT, _LONG) and right < 0:
            raise FormulaError("formula_negative_power", step.position)
        if _kind(left) == _BOOL:
            raise _refuse(step)
        if int(2 * right) == 2 * right and abs(right) <= 50:
            return _expanded(left, float(right))
    if kind == _BOOL:
        raise _refuse(step)
    if kind not in (_INT, _LONG):
        return np.power(_cast(left, kind), _cast(right, kind))
    # numexpr computes it in double precision; what does not fit is C's "indefinite" number.
    powers = np.power(_cast(left, _DOUBLE), _cast(right, _DOUBLE))
    limits = np.iinfo(kind)
    fits = (powers > limits.min) & (powers < limits.max)
    return np.where(fits, np.where(fits, powers, 0).astype(kind), limits.min)


def _expanded(base: npt.NDArray[Any], exponent: float) -> npt.NDArray[Any]:
    """A power as products and a root, in the kind of its base where the exponent is whole."""
    count = int(abs(exponent))
    result = base**count if count else np.ones_like(base)
    if exponent % 1:
        result = result * np.sqrt(_cast(base, _common(base, 1.0)))
    return np.divide(1.0, result) if exponent < 0 else result


def _python(step: Operation, operands: list[Value]) -> Value:
    """Constants, by Python's own rules, with whole numbers kept to a size."""
    if step.kind == "compare":
        names = step.name.split()
        pairs = zip(names, operands, operands[1:], strict=False)
        return all(bool(_PYTHON[name](left, right)) for name, left, right in pairs)
    left, right = operands
    if isinstance(left, int) and isinstance(right, int):
        grown = {"**": left.bit_length() * right, "<<": left.bit_length() + right}
        if grown.get(step.name, 0) > MAX_BITS:
            raise OverflowError
    value = _PYTHON[step.name](left, right)
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise OverflowError
    return value


def _call(step: Operation, operands: list[Value]) -> Value:
    name = step.name
    if name in _REDUCTIONS:
        if len(operands) != 1:
            raise FormulaError("formula_deforum", step.position, found=f"{name}(…, …)")
        if isinstance(operands[0], int) or _kind(operands[0]) == _BOOL:
            raise _refuse(step)
        return operands[0]
    if name == "where":
        return _where(step, operands)
    if name not in _FUNCTIONS:
        names = ", ".join(sorted([*_FUNCTIONS, *_REDUCTIONS, "where"]))
        raise FormulaError("formula_function", step.position, name=name, names=names)
    wanted = 2 if name in _TWO else 1
    if len(operands) != wanted:
        raise FormulaError("formula_count", step.position, name=name, count=wanted)
    function = _FUNCTIONS[name]
    constant = all(_is_constant(value) for value in operands)
    kind = _common(*operands)
    if name == "ones_like" and kind == _BOOL:
        raise _refuse(step)
    if constant:
        value = np.asarray(function(*operands))
        return (value.astype(_DOUBLE) if value.dtype.kind == "f" else value)[()]
    kind = _FLOAT if kind == _BOOL else _DOUBLE if kind in (_INT, _LONG) else kind
    if kind == _COMPLEX and name in ("floor", "ceil", *_TWO):
        raise _refuse(step)
    return np.asarray(function(*(_cast(value, kind) for value in operands)))


def _where(step: Operation, operands: list[Value]) -> Value:
    if len(operands) != 3:
        raise FormulaError("formula_count", step.position, name="where", count=3)
    condition, yes, no = operands
    if _is_constant(condition):
        return yes if condition else no
    if _kind(condition) != _BOOL:
        raise _refuse(step)
    kind = _common(yes, no)
    return np.where(condition, _cast(yes, kind), _cast(no, kind))


def _attribute(step: Operation, value: Value) -> Value:
    if step.name not in ("real", "imag"):
        raise FormulaError("formula_character", step.position, found=".")
    if _is_constant(value):
        return value.real if step.name == "real" else value.imag
    return np.asarray(value.real if step.name == "real" else value.imag, dtype=_DOUBLE)


def _choice(step: Operation, operands: list[Value]) -> Value:
    """`and`, `or`, `not` and `if` exist for numbers, where Python has decided before numexpr."""
    deciding = operands[:1]
    if not all(_is_constant(value) for value in deciding):
        raise FormulaError("formula_deforum", step.position, found=step.name)
    match step.name:
        case "not":
            return not operands[0]
        case "and":
            return operands[0] and operands[1]
        case "or":
            return operands[0] or operands[1]
        case _:
            return operands[1] if operands[0] else operands[2]


def _check_reductions(program: Program) -> None:
    """numexpr takes sum, prod, min and max around the whole formula only."""
    for step in program.operations[:-1]:
        if step.kind == "call" and step.name in _REDUCTIONS:
            raise FormulaError("formula_deforum", step.position, found=step.name)
