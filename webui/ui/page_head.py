"""What the page must know before anything is drawn: language, texts, theme, build, extensions.

Gradio takes its language from `navigator.language` and nothing else, and puts scripts of ours in
too late; so the page gets this on its way out, as the first thing in its head.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from types import MappingProxyType
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webui.core.texts import catalogue, choose_language
from webui.ui.build import ASSETS, BUILD

SCRIPT = """
window.easel = {data};
{{
  const define = (name, value) => Object.defineProperty(navigator, name, {{ get: () => value }});
  define("language", easel.language); define("languages", [easel.language]);
  document.documentElement.lang = easel.language;
  let theme = "system";
  try {{ theme = JSON.parse(localStorage.getItem("easel.page.theme")) ?? theme; }} catch {{ }}
  document.documentElement.dataset.theme = theme;
}}
"""


def head(
    language: str, extensions: dict[str, Any], texts: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The first lines of the page's head.

    Args:
        extensions: their panels, settings, scripts and sheets as data.
        texts: of extensions.
    """
    every = {**catalogue(language), **texts}
    data = {"build": BUILD, "language": language, "texts": every, **extensions}
    inline = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    own = f"/own/{BUILD}"
    links = [f'<link rel="stylesheet" href="{own}/{file.name}">' for file in _assets("css")]
    links += [
        f'<link rel="stylesheet" href="{escape(style["url"])}">'
        for style in extensions.get("styles", ())
    ]
    links += [f'<link rel="modulepreload" href="{own}/{file.name}">' for file in _assets("js")]
    links += [f'<link rel="icon" type="image/svg+xml" href="{own}/easel.svg">']
    lines = [
        f"<script>{SCRIPT.format(data=inline)}</script>",
        f'<script type="importmap">{json.dumps({"imports": {"easel": f"{own}/ext.js"}})}</script>',
        f'<meta name="description" content="{escape(catalogue(language)["ui.about"])}">',
        *links,
    ]
    return "\n".join(lines)


def _assets(suffix: str) -> list[Any]:
    return sorted(file for file in ASSETS.glob(f"*.{suffix}") if not file.stem.endswith("_worker"))


class PageHead:
    """ASGI around Gradio: adds `head` to the page, passes everything else on."""

    def __init__(
        self,
        app: ASGIApp,
        language: Callable[[], str],
        extensions: Callable[[], dict[str, Any]],
        texts: Callable[[str], Mapping[str, str]] = lambda language: {},
    ) -> None:
        self._app = app
        self._language = language
        self._extensions = extensions
        self._texts = texts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        accepted = dict(headers).get(b"accept-language", b"").decode("latin-1")
        language = choose_language(self._language(), accepted)
        words = self._texts(language)
        lines = f"<head>\n{head(language, self._extensions(), words)}".encode()
        plain = [header for header in headers if header[0] != b"accept-encoding"]
        await self._app({**scope, "headers": plain}, receive, _Replacing(send, lines))


class _Replacing:
    """Holds an answer back until it is whole, then sends it with our lines in its head."""

    def __init__(self, send: Send, lines: bytes) -> None:
        self._send = send
        self._lines = lines
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body" or self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body = bytes(self._body).replace(b"<head>", self._lines, 1)
        kept = [header for header in self._start["headers"] if header[0] not in _REPLACED]
        own = [(b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
        await self._send({**self._start, "headers": [*kept, *own]})
        await self._send({"type": "http.response.body", "body": body})


_REPLACED = (b"content-length", b"cache-control", b"etag", b"last-modified")
