"""The API as one application of its own, mounted at `/api/v1`: what is unknown there ends there."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webui import __version__
from webui.api import (
    animation,
    catalog,
    events,
    extension_installs,
    extensions,
    images,
    media,
    memory,
    motion,
    pictures,
    plots,
    presets,
    routes,
    shelf,
    sound,
)
from webui.api.access import Access
from webui.api.errors import EVERYWHERE, may_answer, problems_response, status_of
from webui.core.errors import Problem, UserError
from webui.jobs.checks import Refused
from webui.jobs.services import Services

_MODULES = (
    *(routes, presets, catalog, shelf, events, images, media, pictures, memory, animation),
    sound,
    motion,
    plots,
    extension_installs,
    extensions,
)
_TOLD = HTTPBearer(auto_error=False, description="The password, where the server has one")
"""Only describes what the guard has checked before."""


def build_api(services: Services, access: Access) -> FastAPI:
    """All routes over the services."""
    api = FastAPI(
        title="Easel",
        version=__version__,
        description="Everything the page does, for programs. See docs/api.md.",
        docs_url=None,
        redoc_url=None,
        responses=may_answer(*EVERYWHERE),
        dependencies=[Depends(_TOLD)],
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
    )
    api.state.services = services
    api.state.access = access
    for module in _MODULES:
        api.include_router(module.router)
    _handle_errors(api)
    return api


def _handle_errors(api: FastAPI) -> None:
    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return problems_response(error.problems, 422)

    def user_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, UserError)
        return problems_response([error.problem], status_of(error))

    def misfit(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problems_response([_explain(one) for one in error.errors()], 422)

    def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return user_error(request, _http_problem(request, error.status_code))

    def unexpected(request: Request, error: Exception) -> Response:
        return user_error(request, UserError("internal"))  # Starlette raises it on, to the log

    api.add_exception_handler(Refused, refused)
    api.add_exception_handler(UserError, user_error)
    api.add_exception_handler(RequestValidationError, misfit)
    api.add_exception_handler(HTTPException, http_error)
    api.add_exception_handler(Exception, unexpected)


def _explain(error: dict[str, Any]) -> Problem:
    field = str(error["loc"][-1])
    return UserError("query", field, name=field, reason=str(error["msg"])).problem


def _http_problem(request: Request, status: int) -> UserError:
    path = request.url.path[:100]
    if status == 404:
        return UserError("no_address", path=path)
    if status == 405:
        return UserError("no_method", method=request.method[:20], path=path)
    return UserError("bad_request", reason=str(status))
