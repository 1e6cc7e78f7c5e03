"""Formulas such as `1+0.1*sin(t/10)`, read by a parser of our own; nothing is passed to `eval`.

The grammar is Python's for arithmetic, comparisons, calls, `and or not` and `a if c else b`.
A formula becomes a program in postfix order, which is run once for all frames; `deforum_values`
and `native_values` say what its operations mean in the two modes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from webui.timeline.problems import FormulaError
from webui.timeline.tokens import Token, tokenize

MAX_DEPTH = 60
"""Brackets, signs and powers within each other."""

COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
_LEVELS = {
    word: level
    for level, words in enumerate(
        (
            ("or",),
            ("and",),
            COMPARISONS,
            ("|",),
            ("^",),
            ("&",),
            ("<<", ">>"),
            ("+", "-"),
            ("*", "/", "//", "%"),
        )
    )
    for word in words
}
"""How tightly an operator between two values binds; all of them group from the left."""
_COMPARISON = _LEVELS["<"]
_WORDS = ("and", "or", "not", "if", "else")


@dataclass(frozen=True)
class Operation:
    """A step of a program.

    Attributes:
        kind: what is done; all but `number` and `name` take their operands from the stack.
        name: the variable, operator, function or attribute; for `compare` several, by blanks.
        count: operands taken.
        position: characters before it in the formula.
        value: of a number.
    """

    kind: Literal[
        "number", "name", "unary", "binary", "compare", "call", "attribute", "choose", "logic"
    ]
    name: str
    count: int
    position: int
    value: int | float | complex = 0


@dataclass(frozen=True)
class Program:
    """A formula in postfix order."""

    text: str
    operations: tuple[Operation, ...]

    @property
    def names(self) -> frozenset[str]:
        """The variables that it reads and the functions that it calls."""
        return frozenset(
            step.name for step in self.operations if step.kind in ("name", "call", "attribute")
        )


class Arithmetic(Protocol):
    """What the operations of a program mean."""

    def apply(self, step: Operation, operands: list[Any]) -> Any:
        """The value of one operation.

        Raises:
            FormulaError: it has none; the position is the operation's.
        """
        ...


def parse(text: str, lines: bool = True) -> Program:
    """Read a formula.

    Args:
        text: the formula.
        lines: whether line breaks outside of brackets are blanks.

    Raises:
        FormulaError: it is not one; the position and the sentence say where and what was expected.
    """
    parser = _Parser(tokenize(text, lines))
    parser.conditional()
    parser.finish()
    return Program(text, tuple(parser.operations))


def run(program: Program, arithmetic: Arithmetic) -> Any:
    """The value of a program: a number, or an array over the frames.

    Raises:
        FormulaError: an operation has no value.
    """
    stack: list[Any] = []
    for step in program.operations:
        first = len(stack) - step.count
        operands = stack[first:]
        del stack[first:]
        stack.append(arithmetic.apply(step, operands))
    return stack[0]


@dataclass
class _Parser:
    """Recursive descent; each method reads one level of the grammar and adds its operations."""

    tokens: list[Token]
    place: int = 0
    depth: int = 0
    operations: list[Operation] = field(default_factory=list[Operation])

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def conditional(self) -> None:
        self._nested()
        at = self.token.position
        start = len(self.operations)
        self._operators(0)
        if self._take("if"):
            chosen = self.operations[start:]
            del self.operations[start:]
            self._operators(0)
            if not self._take("else"):
                raise FormulaError("formula_else", self.token.position)
            self.operations += chosen
            self.conditional()
            self._add("choose", "if", 3, at)
        self.depth -= 1

    def finish(self) -> None:
        token = self.token
        if token.kind == "end":
            return
        if token.text == ")":
            raise FormulaError("formula_not_opened", token.position)
        code = "formula_comma" if token.text == "," else "formula_operator"
        raise FormulaError(code, token.position, found=token.text)

    def _operators(self, loosest: int) -> None:
        """Precedence climbing over everything that stands between two values."""
        self._sign()
        while (level := self._level()) >= loosest:
            token = self.token
            if level == _COMPARISON:
                self._comparison()
                continue
            self.place += 1
            self._operators(level + 1)
            kind = "logic" if token.kind == "name" else "binary"
            self._add(kind, token.text, 2, token.position)

    def _comparison(self) -> None:
        at = self.token.position
        operators: list[str] = []
        while self._level() == _COMPARISON:
            operators.append(self.token.text)
            self.place += 1
            self._operators(_COMPARISON + 1)
        self._add("compare", " ".join(operators), len(operators) + 1, at)

    def _level(self) -> int:
        return -1 if self.token.kind == "number" else _LEVELS.get(self.token.text, -1)

    def _sign(self) -> None:
        token = self.token
        if token.kind == "operator" and token.text in ("+", "-", "~"):
            self._nested()
            self.place += 1
            self._sign()
            self._add("unary", token.text, 1, token.position)
            self.depth -= 1
        elif self._take("not"):
            self._nested()
            self._operators(_COMPARISON)
            self._add("logic", "not", 1, token.position)
            self.depth -= 1
        else:
            self._power()

    def _power(self) -> None:
        self._primary()
        token = self.token
        if self._take("**"):
            self._nested()
            self._sign()
            self._add("binary", "**", 2, token.position)
            self.depth -= 1

    def _primary(self) -> None:
        token = self.token
        if token.kind == "number":
            self.place += 1
            self.operations.append(Operation("number", token.text, 0, token.position, token.value))
        elif token.kind == "name" and token.text not in _WORDS:
            self.place += 1
            self._name(token)
        elif self._take("("):
            self.conditional()
            self._close(token.position)
        else:
            code = "formula_ends" if token.kind == "end" else "formula_value"
            raise FormulaError(code, token.position, found=token.text)
        while (dot := self.token).text == "." and dot.kind == "operator":
            self.place += 1
            if self.token.kind != "name":
                raise FormulaError("formula_character", dot.position, found=".")
            self._add("attribute", self.token.text, 1, dot.position)
            self.place += 1

    def _name(self, token: Token) -> None:
        opening = self.token.position
        if not self._take("("):
            self._add("name", token.text, 0, token.position)
            return
        count = 0
        while self.token.text != ")" or count:
            self.conditional()
            count += 1
            if not self._take(","):
                break
        self._close(opening)
        self._add("call", token.text, count, token.position)

    def _close(self, opening: int) -> None:
        token = self.token
        if token.kind == "end":
            raise FormulaError("formula_not_closed", opening)
        if not self._take(")"):
            code = "formula_comma" if token.text == "," else "formula_operator"
            raise FormulaError(code, token.position, found=token.text)

    def _take(self, text: str) -> bool:
        taken = self.token.kind != "number" and self.token.text == text
        self.place += taken and self.token.kind != "end"
        return taken

    def _nested(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FormulaError("formula_too_deep", self.token.position, limit=MAX_DEPTH)

    def _add(
        self,
        kind: Literal["name", "unary", "binary", "compare", "call", "attribute", "choose", "logic"],
        name: str,
        count: int,
        position: int,
    ) -> None:
        self.operations.append(Operation(kind, name, count, position))
