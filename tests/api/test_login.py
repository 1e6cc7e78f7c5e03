import asyncio
from collections.abc import Callable, Coroutine

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from webui.api.access import Access, Hosts
from webui.api.guard import Guard
from webui.api.login import login_routes

Visit = Callable[[httpx.AsyncClient], Coroutine[None, None, None]]


def visit(access: Access, steps: Visit, **headers: str) -> None:
    """Let a browser (a client that keeps cookies) go through some steps."""
    page = Route("/", lambda request: PlainTextResponse("the page"))
    guard = Guard(Starlette(routes=[*login_routes(access), page]), access)

    async def visiting() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(guard),
            base_url="http://127.0.0.1:7860",
            headers={"accept": "text/html", **{k.replace("_", "-"): v for k, v in headers.items()}},
        ) as browser:
            await steps(browser)

    asyncio.run(visiting())


@pytest.fixture
def access() -> Access:
    return Access(Hosts("127.0.0.1"), "correct horse & żaba")


def test_through_the_login_and_out_again(access: Access):
    async def steps(browser: httpx.AsyncClient) -> None:
        away = await browser.get("/")
        assert (away.status_code, away.headers["location"]) == (303, "/login")
        form = await browser.get("/login")
        assert '<input id="password" name="password" type="password"' in form.text
        assert "<script" not in form.text
        assert "default-src 'none'" in form.headers["content-security-policy"]
        done = await browser.post("/login", data={"password": "correct horse & żaba"})
        assert (done.status_code, done.headers["location"]) == (303, "/")
        cookie = done.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Secure" not in cookie
        assert "horse" not in cookie
        assert (await browser.get("/")).text == "the page"
        assert (await browser.get("/login")).headers["location"] == "/"
        token = browser.cookies["easel_session"]
        out = await browser.post("/logout")
        assert out.headers["location"] == "/login"
        assert "easel_session" not in browser.cookies
        browser.cookies.set("easel_session", token)
        assert (await browser.get("/")).status_code == 303

    visit(access, steps)


def test_a_wrong_password_is_told_in_the_visitors_language_and_shows_nothing_of_it(access: Access):
    async def steps(browser: httpx.AsyncClient) -> None:
        for guess in ("<b>x</b>", "", "correct horse"):
            answer = await browser.post("/login", data={"password": guess})
            assert answer.status_code == 401
            assert "Hasło jest błędne." in answer.text and '<html lang="pl">' in answer.text
            assert "<b>" not in answer.text and "set-cookie" not in answer.headers
        answer = await browser.post("/login", data={"password": "correct horse & żaba"})
        assert answer.status_code == 429
        assert "spróbuj ponownie za" in answer.text

    visit(access, steps, accept_language="pl")


def test_through_a_tunnel_the_session_stays_on_secure_lines(access: Access):
    access.hosts.add("abc.gradio.live")

    async def steps(browser: httpx.AsyncClient) -> None:
        headers = {"host": "abc.gradio.live", "origin": "https://abc.gradio.live"}
        data = {"password": "correct horse & żaba"}
        done = await browser.post("/login", data=data, headers=headers)
        assert done.status_code == 303 and "Secure" in done.headers["set-cookie"]

    visit(access, steps)


def test_a_form_of_another_site_cannot_log_in(access: Access):
    async def steps(browser: httpx.AsyncClient) -> None:
        answer = await browser.post(
            "/login",
            data={"password": "correct horse & żaba"},
            headers={"origin": "http://evil.example"},
        )
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers

    visit(access, steps)


def test_without_a_password_there_is_no_login():
    async def steps(browser: httpx.AsyncClient) -> None:
        assert (await browser.get("/login")).headers["location"] == "/"
        assert (await browser.post("/login", data={"password": ""})).status_code == 401

    visit(Access(Hosts("127.0.0.1")), steps)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"password=%ff", b"password=a&password=b", b"=&"])
def test_whatever_is_sent_is_at_most_a_wrong_password(access: Access, body: bytes):
    async def steps(browser: httpx.AsyncClient) -> None:
        assert (await browser.post("/login", content=body)).status_code == 401

    visit(access, steps)
