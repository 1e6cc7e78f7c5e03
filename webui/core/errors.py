"""Errors that reach the user: one sentence that says what to do, the same through every door."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from webui.core.texts import text


class Problem(BaseModel):
    """What went wrong, as data: the browser words it in the user's language by `code`.

    Attributes:
        code: key of the sentence in the catalogue of texts, without the leading `error.`.
        field: name of the request's field that is wrong, if one is.
        values: what the sentence's gaps are filled with.
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
    """Something the user can mend; `code` names the sentence `error.<code>` of the catalogue."""

    def __init__(self, code: str, field: str | None = None, **values: str | int | float) -> None:
        message = text(f"error.{code}", "en", **values)
        self.problem = Problem(code=code, field=field, values=values, message=message)
        super().__init__(message)


class UnknownId(UserError):
    """A job, picture or model of this name does not exist (never answered as 'done')."""
