"""The login: one page that needs no script, a session cookie, and the way out."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from webui.api.access import SESSION_COOKIE, Access, NotAdmitted
from webui.api.errors import status_of
from webui.api.guard import client_of
from webui.core.texts import choose_language, text

_MONTH = 30 * 24 * 3600
_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_PAGE = """\
<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 1rem system-ui, sans-serif; accent-color: #4f46e5 }}
body {{ display: grid; place-items: center; min-height: 90vh; margin: 1rem }}
form {{ display: grid; gap: .75rem; width: min(20rem, 100%) }}
h1 {{ font-size: 1.25rem; margin: 0 }}
p {{ margin: 0; line-height: 1.4 }}
[role=alert] {{ border-inline-start: .25rem solid #dc2626; padding-inline-start: .5rem }}
input, button {{ font: inherit; padding: .6rem; border-radius: .4rem; border: 1px solid #8888 }}
button {{ background: #4f46e5; color: #fff; border-color: #4f46e5; cursor: pointer }}
</style>
<form method="post" action="/login">
<h1>{title}</h1>
<p id="note">{note}</p>
{alert}<label for="password">{password}</label>
<input id="password" name="password" type="password" required autofocus
 autocomplete="current-password" aria-describedby="note">
<button>{enter}</button>
</form>
</html>
"""


def login_routes(access: Access) -> list[Route]:
    """`/login` and `/logout`."""

    async def show(request: Request) -> Response:
        if access.is_open or access.has_session(request.cookies.get(SESSION_COOKIE)):
            return RedirectResponse("/", 303)
        return _page(request)

    async def log_in(request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        try:
            token = access.log_in(form.get("password", [""])[0], client_of(request.scope))
        except NotAdmitted as error:
            return _page(request, error)
        response = RedirectResponse("/", 303)
        is_secure = request.headers.get("origin", "").startswith("https:")
        response.set_cookie(
            SESSION_COOKIE, token, _MONTH, httponly=True, samesite="strict", secure=is_secure
        )
        return response

    async def log_out(request: Request) -> Response:
        access.log_out(request.cookies.get(SESSION_COOKIE))
        response = RedirectResponse("/login", 303)
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
        return response

    return [
        Route("/login", show),
        Route("/login", log_in, methods=["POST"]),
        Route("/logout", log_out, methods=["POST"]),
    ]


def _page(request: Request, error: NotAdmitted | None = None) -> Response:
    language = choose_language("auto", request.headers.get("accept-language", ""))
    words = {
        name: escape(text(f"login.{name}", language))
        for name in ("title", "note", "password", "enter")
    }
    alert = ""
    if error:
        sentence = text(f"error.{error.problem.code}", language, **error.problem.values)
        alert = f'<p role="alert">{escape(sentence)}</p>\n'
    return HTMLResponse(
        _PAGE.format(language=language, alert=alert, **words),
        status_of(error) if error else 200,
        {"content-security-policy": _CSP, "cache-control": "no-store"},
    )
