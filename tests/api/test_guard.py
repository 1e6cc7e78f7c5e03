"""The guard before a bare application that says what reached it."""

import asyncio

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from webui.api.access import Access, Hosts
from webui.api.guard import Guard

HERE = "http://127.0.0.1:7860"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        body = await Request(scope, receive).body()
        await PlainTextResponse(f"{scope['method']} {scope['path']} {len(body)}")(
            scope, receive, send
        )


def ask(
    method: str, path: str, *, access: Access | None = None, **options: object
) -> httpx.Response:
    guard = Guard(echo, access or Access(Hosts("127.0.0.1")))

    async def asking() -> httpx.Response:
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.request(method, HERE + path, **options)  # pyright: ignore

    return asyncio.run(asking())


def codes(response: httpx.Response) -> list[str]:
    return [problem["code"] for problem in response.json()["problems"]]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/own/0123abcdef/page.js"),
        ("GET", "/own/build"),
        ("GET", "/assets/index-B_x3+9~.css"),
        ("GET", "/static/fonts/ui-sans-serif/ui-sans-serif-Bold.woff2"),
        ("GET", "/gradio_api/queue/data?session_hash=x"),
        ("POST", "/gradio_api/queue/join?"),
        ("POST", "/gradio_api/run/predict"),
        ("GET", "/api/v1/state"),
        ("POST", "/api/v1/jobs"),
        ("PATCH", "/api/v1/settings"),
        ("DELETE", "/api/v1/anything"),  # ours says itself what it does not do
    ],
)
def test_what_the_page_needs_passes(method, path):
    response = ask(method, path)
    assert response.status_code == 200
    if method != "HEAD":
        assert response.text.startswith(f"{method} {path.partition('?')[0]} ")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/config"),
        ("GET", "/info"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("GET", "/monitoring"),
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/runs"),
        ("GET", "/gradio_api/heartbeat/x"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file=http://169.254.169.254/latest/"),
        ("GET", "/gradio_api/file/../../etc/passwd"),
        ("GET", "/gradio_api/proxy=http://169.254.169.254/"),
        ("GET", "/file=/etc/passwd"),
        ("GET", "/file/etc/passwd"),
        ("GET", "/proxy=http://example.org/"),
        ("POST", "/component_server"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/upload"),
        ("POST", "/gradio_api/call/generate"),
        ("POST", "/gradio_api/api/predict"),
        ("POST", "/gradio_api/run/generate"),
        ("GET", "/gradio_api/deep_link"),
        ("POST", "/gradio_api/vibe-edit"),
        ("GET", "/static/../webui/app.py"),
        ("GET", "/static/..%2f..%2fetc%2fpasswd"),
        ("GET", "/static/%2e%2e/%2e%2e/etc/passwd"),
        ("GET", "/assets/..%5c..%5cwindows%5cwin.ini"),
        ("GET", "/own/C:%5cwindows%5cwin.ini"),
        ("GET", "/own//etc/passwd"),
        ("GET", "/own/.env"),
        ("GET", "/own/page.js::$DATA"),
        ("GET", "/own/page.js%00.png"),
        ("GET", "//example.org/"),
        ("GET", "/\\example.org"),
        ("GET", "/api/v2/jobs"),
        ("GET", "/api/v1x/jobs"),
    ],
)
def test_everything_else_is_shut(method, path):
    response = ask(method, path)
    assert (response.status_code, codes(response)) == (404, ["no_address"])


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("DELETE", "/"), ("GET", "/logout")])
def test_a_known_address_with_another_method(method, path):
    response = ask(method, path)
    assert (response.status_code, codes(response)) == (405, ["no_method"])


@pytest.mark.parametrize("host", ["evil.example:7860", "192.168.1.5:7860", "", "a b"])
def test_a_wrong_host_is_told_so(host):
    response = ask("GET", "/", headers={"host": host})
    assert (response.status_code, codes(response)) == (421, ["wrong_host"])


def test_two_hosts_are_none():
    response = ask("GET", "/", headers=[("host", "localhost"), ("host", "localhost")])
    assert response.status_code == 421


def test_a_visitor_with_a_browser_reads_a_sentence():
    headers = {"host": "evil.example", "accept": "text/html,*/*", "accept-language": "pl"}
    response = ask("GET", "/", headers=headers)
    assert response.status_code == 421
    assert response.text.startswith("Ten serwer nie odpowiada na nazwę „evil.example”")
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1:9000",
        "http://localhost:7860",
        "http://127.0.0.1:7860.evil.example",
        "http://evil.example/http://127.0.0.1:7860",
        "file://127.0.0.1:7860",
        "http://[",
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_another_sites_page_is_refused(method, origin):
    response = ask(method, "/api/v1/settings", headers={"origin": origin})
    assert (response.status_code, codes(response)) == (403, ["wrong_origin"])


@pytest.mark.parametrize("origin", [HERE, "HTTP://127.0.0.1:7860", "https://127.0.0.1:7860"])
def test_our_own_page_passes(origin):
    headers = {"origin": origin, "sec-fetch-site": "same-origin"}
    assert ask("POST", "/api/v1/jobs", headers=headers).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/v1/pictures/x"), ("GET", "/api/v1/events"), ("POST", "/api/v1/jobs")],
)
def test_what_the_browser_says_comes_from_elsewhere_is_refused(method, path, site):
    headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
    assert ask(method, path, headers=headers).status_code == 403
    headers["sec-fetch-mode"] = "navigate"
    assert ask(method, path, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"},
        {"referer": "http://mail.example/"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/login"])
def test_a_link_from_elsewhere_leads_here_and_begins_again_with_our_cookies(path, headers):
    for access in (None, Access(Hosts("127.0.0.1"), "secret")):
        response = ask("GET", path, headers=headers, access=access)
        assert response.status_code == 200
        assert '<meta http-equiv="refresh" content="0">' in response.text
        assert "set-cookie" not in response.headers
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    again = {"sec-fetch-site": "same-origin", "referer": f"{HERE}/"}
    assert ask("GET", path, headers=again).text == f"GET {path} 0"


def test_another_sites_page_cannot_fetch_ours():
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}
    assert ask("GET", "/", headers=headers).status_code == 403
    referer = {"referer": "http://evil.example/"}
    assert ask("GET", "/api/v1/state", headers=referer).status_code == 403
    assert ask("POST", "/login", headers=referer).status_code == 403


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/v1/jobs", 8_000_000),
        ("/api/v1/infotext", 64_000_000),
        ("/gradio_api/run/predict", 1_000_000),
        ("/login", 1_000_000),
    ],
)
def test_no_body_is_larger_than_its_address_takes(path, limit):
    async def chunks(count: int):
        for _ in range(count):
            yield b"x" * 500_000

    fits = ask("POST", path, content=chunks(limit // 500_000))
    assert fits.text == f"POST {path} {limit}"
    for content in (chunks(limit // 500_000 + 1), b"x" * (limit + 1)):
        response = ask("POST", path, content=content)
        assert (response.status_code, codes(response)) == (413, ["body_too_large"])
        assert f"{limit // 1_000_000} MB" in response.json()["problems"][0]["message"]


@pytest.mark.parametrize("length", ["-1", "1e9", "99999999999999999999", "²"])
def test_a_length_that_is_none(length):
    headers = {"content-length": length.encode()}
    response = ask("POST", "/api/v1/jobs", headers=headers, content=b"x")
    assert response.status_code == 413


def test_every_answer_has_the_headers_that_keep_the_page_ours():
    for response in (ask("GET", "/"), ask("GET", "/nothing")):
        headers = response.headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "same-origin"


def test_a_server_with_a_password_asks_for_it():
    access = Access(Hosts("127.0.0.1"), "secret")
    response = ask("GET", "/api/v1/state", access=access)
    assert (response.status_code, codes(response)) == (401, ["login_required"])
    assert response.headers["www-authenticate"] == "Bearer"
    page = ask("GET", "/", access=access, headers={"accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/login")
    assert ask("GET", "/own/x.js", access=access, headers={"accept": "*/*"}).status_code == 401
    for path in ("/login", "/manifest.json"):
        assert ask("GET", path, access=access).status_code == 200
    assert ask("POST", "/logout", access=access).status_code == 401
    right = {"authorization": "Bearer secret"}
    assert ask("GET", "/api/v1/state", access=access, headers=right).status_code == 200
    session = {"cookie": f"x=1; easel_session={access.log_in('secret', 'a')}"}
    assert ask("GET", "/api/v1/state", access=access, headers=session).status_code == 200
    assert ask("POST", "/api/v1/jobs", access=access, headers=session).status_code == 200
    wrong = {"authorization": "Bearer guess"}
    answers = [ask("GET", "/api/v1/state", access=access, headers=wrong) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert answers[-1].headers["retry-after"] == "1"


def test_there_is_no_websocket():
    sent: list[dict[str, object]] = []

    async def send(message):
        sent.append(message)

    async def receive():
        raise AssertionError

    guard = Guard(echo, Access(Hosts("127.0.0.1")))
    asyncio.run(guard({"type": "websocket", "path": "/"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_client_that_leaves_in_the_middle_of_its_body():
    left: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        left.append(await receive())

    messages = [
        {"type": "http.disconnect"},
        {"type": "http.request", "body": b"x", "more_body": True},
    ]

    async def receive():
        return messages.pop()

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/jobs",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 5),
    }

    async def send(message):
        raise AssertionError(message)

    asyncio.run(Guard(app, Access(Hosts("127.0.0.1")))(scope, receive, send))
    assert left == [{"type": "http.disconnect"}]
