import asyncio
from http.cookies import SimpleCookie

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.doors import KEY, Client
from webui.api.access import Access, Hosts
from webui.api.context import ClientCookie
from webui.app import create
from webui.jobs.identity import COOKIE, new_cookie, owner_of
from webui.jobs.services import Services


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("page", headers={"set-cookie": "other=1"})(scope, receive, send)


def ask(method: str, path: str, cookie: str | None = None) -> httpx.Response:
    async def asking() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(ClientCookie(page)), base_url="http://localhost"
        ) as client:
            headers = {} if cookie is None else {"cookie": f"{COOKIE}={cookie}"}
            return await client.request(method, path, headers=headers)

    return asyncio.run(asking())


def given(response: httpx.Response) -> str | None:
    for header in response.headers.get_list("set-cookie"):
        if COOKIE in (cookie := SimpleCookie(header)):
            return cookie[COOKIE].value
    return None


def test_a_browser_that_opens_the_page_becomes_an_owner():
    response = ask("GET", "/")
    one, other = given(response), given(ask("GET", "/"))
    assert one != other and owner_of(one) != owner_of(other)
    assert owner_of(one) is not None
    cookie = next(one for one in response.headers.get_list("set-cookie") if COOKIE in one)
    for part in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=31536000"):
        assert part in cookie
    assert "other=1" in response.headers.get_list("set-cookie")


def test_a_browser_that_is_one_stays_who_it_is():
    assert given(ask("GET", "/", new_cookie())) is None


def test_a_cookie_that_is_none_of_ours_is_replaced():
    assert given(ask("GET", "/", "made up")) is not None


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/state"), ("POST", "/")])
def test_cookies_come_with_the_page_and_with_nothing_else(method, path):
    assert given(ask(method, path)) is None


def test_whose_a_job_is_and_who_is_told_of_it(services: Services):
    client = Client(create(services, Access(Hosts("127.0.0.1"), key=KEY), page=False))
    cookie = {"cookie": f"{COOKIE}={new_cookie()}"}
    key = {"authorization": f"Bearer {KEY}"}
    answer = client("POST", "/api/v1/jobs", json={"prompt": "mine"}, headers=cookie)
    mine = answer.json()
    assert mine["owner"] == owner_of(cookie["cookie"].partition("=")[2])
    theirs = client.submit("a program's")
    assert theirs["owner"] == "api"

    def told(**headers: str) -> set[str]:
        return {job["id"] for job in client.get("/jobs?limit=500", headers=headers)["jobs"]}

    assert told(**cookie) == {mine["id"]}
    assert theirs["id"] in told() and mine["id"] not in told()
    assert {mine["id"], theirs["id"]} <= told(**key)
    for job in (mine, theirs):
        client.finished(job["id"])
