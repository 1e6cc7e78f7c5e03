import asyncio
import json
from typing import Any

from webui.core.texts import catalogue
from webui.ui.build import BUILD
from webui.ui.page_head import PageHead, head

PAGE = b"<html><head><title>x</title></head></html>"


def data_of(lines: str) -> dict[str, Any]:
    return json.loads(lines.split("window.easel = ", 1)[1].split(";\n", 1)[0])


def test_the_head_carries_language_texts_build_and_extensions():
    told = data_of(head("pl", {"panels": [{"extension": "x"}]}))
    assert told["language"] == "pl"
    assert told["texts"] == catalogue("pl")
    assert told["build"] == BUILD
    assert told["panels"] == [{"extension": "x"}]


def test_no_text_can_end_the_script():
    bad = "</script><script>alert(1)</script><!--"
    lines = head("en", {"panels": [bad]})
    assert bad not in lines
    assert data_of(lines)["panels"] == [bad]


def fetch(
    accepted: str = "", setting: str = "auto", path: str = "/"
) -> tuple[dict[bytes, bytes], bytes]:
    """What comes through for a page that Gradio sends in two pieces."""
    seen: dict[str, Any] = {}
    sent: list[Any] = []

    async def gradio(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        start = [(b"content-length", b"%d" % len(PAGE)), (b"x-kept", b"1"), (b"etag", b"old")]
        await send({"type": "http.response.start", "status": 200, "headers": start})
        await send({"type": "http.response.body", "body": PAGE[:10], "more_body": True})
        await send({"type": "http.response.body", "body": PAGE[10:]})

    async def collect(message: Any) -> None:
        sent.append(message)

    app = PageHead(gradio, language=lambda: setting, extensions=dict)
    headers = [(b"accept-encoding", b"br"), (b"accept-language", accepted.encode())]
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
    asyncio.run(app(scope, None, collect))  # pyright: ignore[reportArgumentType]
    if path == "/":
        assert b"accept-encoding" not in dict(seen["headers"])
    body = b"".join(message["body"] for message in sent[1:])
    return dict(sent[0]["headers"]), body


def test_the_page_gets_the_head_and_says_its_new_length():
    headers, body = fetch()
    assert body.startswith(b"<html><head>\n<script>")
    assert body.endswith(b"<title>x</title></head></html>")
    assert headers[b"content-length"] == b"%d" % len(body)
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"x-kept"] == b"1"
    assert b"etag" not in headers


def test_the_setting_decides_before_the_browser():
    assert data_of(fetch("pl-PL,pl;q=0.9,en;q=0.8")[1].decode())["language"] == "pl"
    assert data_of(fetch("pl", setting="en")[1].decode())["language"] == "en"
    assert data_of(fetch("fr")[1].decode())["language"] == "en"


def test_all_else_passes_untouched():
    headers, body = fetch(path="/theme.css")
    assert body == PAGE
    assert headers[b"etag"] == b"old"
