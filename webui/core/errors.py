"""Errors that reach the user: one sentence that says what to do, the same through every door."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from webui.core.texts import catalogue, field_label, text


class Problem(BaseModel):
    """What went wrong, as data: the browser words it in the user's language by `code`.

    Attributes:
        code: key of the sentence in the catalogue of texts, without the leading `error.`.
        field: name of the request's field that is wrong, if one is.
        values: what the sentence's gaps are filled with; `label:pl` is what stands for `label` in
            Polish.
        message: the sentence in English.
        cause: another problem, whose sentence fills the gap `{reason}`.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    field: str | None = None
    values: dict[str, str | int | float] = {}
    cause: Problem | None = None


class UserError(Exception):
    """Something the user can mend; `code` names the sentence `error.<code>` of the catalogue, or
    one of the extension's that raises it."""

    def __init__(self, code: str, field: str | None = None, **values: str | int | float) -> None:
        known = f"error.{code}" in catalogue("en")
        message = text(f"error.{code}", "en", **values) if known else code
        self.problem = Problem(code=code, field=field, values=values, message=message)
        super().__init__(message)


class UnknownId(UserError):
    """A job, picture or model of this name does not exist (never answered as 'done')."""


def worded(problem: Problem, language: str) -> str:
    """The problem's sentence; as it came, where it is one that this program does not know."""
    values = {**problem.values, **in_language(problem.values, language)}
    if problem.field is not None and "label" in values:
        values["label"] = field_label(problem.field, language) or values["label"]
    if problem.cause is not None:
        values["reason"] = worded(problem.cause, language)
    try:
        return text(f"error.{problem.code}", language, **values)
    except KeyError:
        return problem.message


def in_language(
    values: Mapping[str, str | int | float], language: str
) -> dict[str, str | int | float]:
    """Of values those that are for a language: gap -> value."""
    end = f":{language}"
    return {name.removesuffix(end): one for name, one in values.items() if name.endswith(end)}
