"""What routes work with, and who asks."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webui.api.access import Access
from webui.core.errors import UnknownId, UserError
from webui.jobs.identity import COOKIE, new_cookie, owner_of
from webui.jobs.services import Services

PROGRAMS = "api"
"""Owner of what programs and the shell ask for."""
_YEAR = 365 * 24 * 3600


def _services(request: Request) -> Services:
    return request.app.state.services


def _access(request: Request) -> Access:
    return request.app.state.access


def _owner(request: Request) -> str:
    return owner_of(request.cookies.get(COOKIE)) or PROGRAMS


def _audience(request: Request) -> str | None:
    if _access(request).is_key(request.headers.get("authorization")):
        return None
    return _owner(request)


def _guest(request: Request) -> bool:
    return _access(request).hosts.is_shared(request.headers.get("host", ""))


def _host_only(request: Request) -> None:
    if _guest(request):
        raise UserError("models_shared")


def _settings_of_host(request: Request) -> None:
    if _guest(request):
        raise UserError("settings_shared")


def _own_job(request: Request, id: str) -> None:
    """A guest ends what he began himself; the others on this machine trust each other."""
    if _guest(request) and _services(request).jobs.get(id).owner != _owner(request):
        raise UnknownId("unknown_job")


ServicesHere = Annotated[Services, Depends(_services)]
AccessHere = Annotated[Access, Depends(_access)]
Owner = Annotated[str, Depends(_owner)]
"""Whose a new job is: the browser's, by its cookie, or that of all programs together."""
Guest = Annotated[bool, Depends(_guest)]
"""Whether he comes over a shared link."""
HostOnly = Depends(_host_only)
"""For routes that change models or what is kept about them: not for guests of a shared link."""
SettingsOfHost = Depends(_settings_of_host)
"""For routes that change how the server works: not for guests of a shared link."""
OwnJob = Depends(_own_job)
"""For routes that end a job: of guests, only their own."""
Audience = Annotated[str | None, Depends(_audience)]
"""Whose jobs are told of: the asker's own; None, everybody's, to the shell of this machine."""


class ClientCookie:
    """Gives a browser the cookie that makes it an owner, when it first opens the page.

    With the page, as what the page then asks for comes all at once and must be of one owner.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET":
            if owner_of(HTTPConnection(scope).cookies.get(COOKIE)) is None:
                send = _with_cookie(send)
        await self._app(scope, receive, send)


def _with_cookie(send: Send) -> Send:
    cookie = SimpleCookie({COOKIE: new_cookie()})
    cookie[COOKIE] |= {"path": "/", "max-age": _YEAR, "httponly": True, "samesite": "Strict"}
    value = cookie.output(header="").strip()

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", value)
        await send(message)

    return sending
