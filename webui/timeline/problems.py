"""What is wrong in a settings file or a formula, where, and in words."""

from __future__ import annotations

from dataclasses import dataclass

from webui.core.errors import Problem, UserError


class FormulaError(Exception):
    """A formula, a schedule or a prompt that cannot be read, before it is known whose it is.

    Attributes:
        code: key of the sentence, without the leading `error.`; its gaps are `parameter`,
            `position` and the values.
        position: how many characters stand before the place, from 0.
        values: what the sentence's other gaps are filled with.
    """

    def __init__(self, code: str, position: int = 0, **values: str | int | float) -> None:
        super().__init__(code)
        self.code = code
        self.position = position
        self.values = values

    def moved(self, offset: int) -> FormulaError:
        """The same error in a text that has `offset` more characters before it."""
        return FormulaError(self.code, self.position + offset, **self.values)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing, in an animation's settings.

    Attributes:
        parameter: name of the setting; of a prompt `prompts.30`.
        position: characters before the place in the setting's text, from 0; None where the
            whole setting is meant.
        problem: the sentence as data.
    """

    parameter: str
    position: int | None
    problem: Problem


def finding(
    parameter: str, code: str, position: int | None = None, **values: str | int | float
) -> Finding:
    """A finding; the gaps of `error.<code>` are `parameter`, `position` and the values."""
    place = {} if position is None else {"position": position + 1}
    error = UserError(code, parameter, parameter=parameter, **place, **values)
    return Finding(parameter, position, error.problem)


def found_in(parameter: str, error: FormulaError, offset: int = 0) -> Finding:
    """What a formula's error means for the setting that holds the formula at `offset`."""
    return finding(parameter, error.code, error.position + offset, **error.values)
