"""Whatever goes wrong leaves in one shape: `{"problems": [{code, field, message, values}, …]}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from starlette.responses import Response

from webui.core.errors import Problem, UnknownId, UserError

STATUS: Mapping[str, int] = {
    "not_json": 400,
    "bad_body": 400,
    "login_required": 401,
    "wrong_password": 401,
    "wrong_origin": 403,
    "no_address": 404,
    "no_method": 405,
    "body_too_large": 413,
    "not_json_type": 415,
    "wrong_host": 421,
    "too_many_attempts": 429,
    "internal": 500,
}
"""HTTP status of a problem; of those not named, 404 for an unknown id and 422 for the rest."""


class Problems(BaseModel):
    """What is wrong, one sentence each."""

    problems: tuple[Problem, ...]


def status_of(error: UserError) -> int:
    """The HTTP status that says what kind of error it is."""
    return STATUS.get(error.problem.code, 404 if isinstance(error, UnknownId) else 422)


def problems_response(
    problems: Sequence[Problem], status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer."""
    body = Problems(problems=tuple(problems)).model_dump_json()
    return Response(body, status, headers, media_type="application/json")
