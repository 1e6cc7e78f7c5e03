"""Whatever goes wrong leaves in one shape: `{"problems": [{code, field, message, values}, …]}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from webui.core.errors import Problem, UnknownId, UserError

STATUS: Mapping[str, int] = {
    "not_json": 400,
    "bad_request": 400,
    "login_required": 401,
    "wrong_password": 401,
    "wrong_origin": 403,
    "downloads_shared": 403,
    "merges_shared": 403,
    "models_shared": 403,
    "settings_shared": 403,
    "installs_shared": 403,
    "no_address": 404,
    "no_method": 405,
    "model_in_use": 409,
    "events_gone": 410,
    "body_too_large": 413,
    "not_json_type": 415,
    "wrong_host": 421,
    "too_many_attempts": 429,
    "queue_full": 429,
    "internal": 500,
    "disk_full": 507,
    "folder_read_only": 507,
    "folder_forbidden": 507,
    "cannot_save": 507,
    "ledger_failed": 507,
    "ledger_broken": 507,
}
"""HTTP status of a problem; of those not named, 404 for an unknown id and 422 for the rest."""

MEANINGS: Mapping[int, str] = {
    400: "The body is broken",
    401: "The server wants its password",
    403: "A page of another site asks, or it is not for you",
    404: "There is nothing of this id",
    409: "A job needs it now",
    410: "Events so old are not kept: begin with /state",
    413: "The body is too large",
    415: "The body is not JSON",
    421: "The server does not answer to this name",
    422: "Something does not fit; each problem names its field",
    429: "Too much of it: wrong passwords, jobs that wait",
    500: "A mistake of the server's",
    507: "The disk is full or may not be written",
}
EVERYWHERE = (401, 403, 421, 422, 429, 500)
ID, IN_USE, BODY, DISK = (404,), (409,), (400, 413, 415), (507,)


class Problems(BaseModel):
    """What is wrong, one sentence each."""

    problems: tuple[Problem, ...]


def may_answer(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that can fail so."""
    return {status: {"model": Problems, "description": MEANINGS[status]} for status in statuses}


def status_of(error: UserError) -> int:
    """The HTTP status that says what kind of error it is."""
    return STATUS.get(error.problem.code, 404 if isinstance(error, UnknownId) else 422)


def problems_response(
    problems: Sequence[Problem], status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer."""
    body = Problems(problems=tuple(problems)).model_dump_json()
    return Response(body, status, headers, media_type="application/json")
