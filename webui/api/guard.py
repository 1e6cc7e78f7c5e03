"""Stands before everything: who asks, under which name, from which page, for what, and how much.

Pure ASGI, so that nothing (Gradio's routes least of all) is reached around it. What passes is a
closed list of addresses: a later Gradio may add routes, and they stay shut.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webui.api.access import SESSION_COOKIE, Access, NotAdmitted
from webui.api.errors import problems_response, status_of
from webui.core.errors import UserError
from webui.core.texts import choose_language, text

API = "/api/v1"
MEGABYTE = 1_000_000
LARGEST_BODY = {"api": 8 * MEGABYTE, "picture": 64 * MEGABYTE, "form": MEGABYTE}
STREAMED = f"{API}/media"
"""Bodies at this address are for its route to read piece by piece, and to limit."""

_FILES = r"(?:/[\w@+~-][\w.@+~-]*)+"
_PASSES: Mapping[str, re.Pattern[str]] = {
    "GET": re.compile(
        rf"/|/login|/manifest\.json|/favicon\.ico|/theme\.css|/(?:own|assets|static){_FILES}"
        rf"|/gradio_api/queue/data|{API}/.*",
        re.ASCII,
    ),
    "POST": re.compile(
        rf"/login|/logout|/gradio_api/(?:queue/join|run/predict|cancel)/?|{API}/.*", re.ASCII
    ),
}
_OTHERS = re.compile(rf"{API}/.*")
_WITHOUT_PASSWORD = frozenset(
    {("GET", "/login"), ("POST", "/login"), ("GET", "/manifest.json")}  # fetched without cookies
)
_LINKED = ("/", "/login")
"""What a page of another site may lead to, by a link."""
_BOUNCE = '<!doctype html><title>Easel</title><meta http-equiv="refresh" content="0">'
"""A visit that began elsewhere comes without our cookies (they are SameSite=Strict), as if nobody
had been here before. From this page it begins again, here."""

_CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """The outermost ASGI application; `app` only ever sees what may pass."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, _with_headers(send))
        else:  # there is no websocket here
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            check_host(Headers(scope=scope), self._access)
            check_route(scope["method"], scope["path"])
            if comes_from_elsewhere(scope):
                await HTMLResponse(_BOUNCE)(scope, receive, send)
                return
            self._check_login(scope)
            receive = await _whole_body(scope, receive)
        except UserError as error:
            await _refusal(scope, error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check_login(self, scope: Scope) -> None:
        if (scope["method"], scope["path"]) in _WITHOUT_PASSWORD:
            return
        asked = HTTPConnection(scope)
        self._access.admit(
            asked.cookies.get(SESSION_COOKIE), asked.headers.get("authorization"), client_of(scope)
        )


def client_of(scope: Scope) -> str:
    """The address a request comes from."""
    return str((scope.get("client") or ("",))[0])


def check_host(headers: Headers, access: Access) -> None:
    """Turn away a name that somebody made point here (DNS rebinding).

    Raises:
        UserError: the Host header does not name this server.
    """
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not access.hosts.know(hosts[0]):
        raise UserError("wrong_host", host=", ".join(hosts)[:100])


def check_route(method: str, path: str) -> None:
    """Let pass what is on the list.

    Raises:
        UserError: it is not.
    """
    pattern = _PASSES.get("GET" if method == "HEAD" else method, _OTHERS)
    if pattern.fullmatch(path):
        return
    if any(known.fullmatch(path) for known in _PASSES.values()):
        raise UserError("no_method", method=method[:20], path=path[:100])
    raise UserError("no_address", path=path[:100])


def comes_from_elsewhere(scope: Scope) -> bool:
    """Whether a link of another site leads to the page, which is all that another site may do.

    Browsers say who asks in `Origin` and, at addresses they trust, in `Sec-Fetch-Site`; at others
    a link shows in `Referer`. Programs say none of them.

    Raises:
        UserError: another site's page asks for something, to read it or to change it.
    """
    headers = Headers(scope=scope)
    for origin in headers.getlist("origin"):
        if not _is_own(origin, headers["host"]):
            raise UserError("wrong_origin", origin=origin[:100])
    referer = headers.get("referer", "")
    by_referer = "cross-site" if referer and not _is_own(referer, headers["host"]) else "none"
    if headers.get("sec-fetch-site", by_referer) in ("none", "same-origin"):
        return False
    is_link = scope["method"] in ("GET", "HEAD") and scope["path"] in _LINKED
    if not is_link or headers.get("sec-fetch-mode", "navigate") != "navigate":
        raise UserError("wrong_origin", origin=referer[:100] or "?")
    return True


def _is_own(url: str, host: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


async def _whole_body(scope: Scope, receive: Receive) -> Receive:
    """Read the body before anybody works on it, and hand it on.

    Raises:
        UserError: it is larger than what is taken at this address.
    """
    if scope["method"] in ("GET", "HEAD") or scope["path"] == STREAMED:
        return receive
    limit = _largest_body(scope["path"])
    error = UserError("body_too_large", limit=limit // MEGABYTE)
    length = Headers(scope=scope).get("content-length", "0")
    if not length.isdecimal() or int(length) > limit:
        raise error
    body = bytearray()
    message: Message = {"more_body": True}
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            raise error
    waiting: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]
    if message["type"] == "http.disconnect":
        waiting = [message]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _largest_body(path: str) -> int:
    if path in (f"{API}/infotext", f"{API}/images"):
        return LARGEST_BODY["picture"]
    return LARGEST_BODY["api" if path.startswith(API) else "form"]


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def _refusal(scope: Scope, error: UserError) -> Response:
    """The page's visitor is led to the login or told in words, a program gets the problem."""
    headers = Headers(scope=scope)
    if not scope["path"].startswith(API) and "text/html" in headers.get("accept", ""):
        if isinstance(error, NotAdmitted) and scope["path"] == "/":
            return RedirectResponse("/login", 303)
        language = choose_language("auto", headers.get("accept-language", ""))
        words = text(f"error.{error.problem.code}", language, **error.problem.values)
        return PlainTextResponse(words, status_of(error))
    extra: dict[str, str] = {}
    if isinstance(error, NotAdmitted):
        extra["www-authenticate"] = "Bearer"
        if seconds := error.problem.values.get("seconds"):
            extra = {"retry-after": str(seconds)}
    return problems_response([error.problem], status_of(error), extra)
