"""A bare page with the real modules and one component of ours, without a server or a model."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, expect

from webui.core.texts import catalogue
from webui.ui.build import ASSETS

SHEETS = "".join(f'<link rel="stylesheet" href="/{file.name}">' for file in ASSETS.glob("*.css"))
PAGE = """<!doctype html><html lang="{language}"><head>
<meta name="viewport" content="width=device-width">
<script>window.easel = {data};</script>{sheets}<style>body {{ margin: 20px; }}</style></head>
<body><main></main></body></html>"""
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
Array = np.ndarray[Any, Any]
Point = tuple[float, float]


def kept(store: str, holds: str) -> str:
    """A function of a key that is done as soon as what the browser keeps under it is so.

    Args:
        store: the address of `editor_store.js`, in backticks or quotes of its own.
        holds: an expression over `kept`.
    """
    return f"""async key => {{
      const {{ recallLarge }} = await import({store});
      for (;;) {{
        const kept = await recallLarge(key);
        if ({holds}) return;
        await new Promise(done => setTimeout(done, 50));
      }}
    }}"""


class Assets(BaseHTTPRequestHandler):
    """Our files as they are, and a page with nothing but our texts."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in ("/", "/pl"):
            language = "pl" if path == "/pl" else "en"
            texts = {"build": "", "language": language, "texts": catalogue(language)}
            data = json.dumps(texts).replace("<", "\\u003c")
            body = PAGE.format(language=language, data=data, sheets=SHEETS).encode()
            self.answer("text/html; charset=utf-8", body)
        elif (file := ASSETS / Path(path).name).is_file():
            self.answer(TYPES[file.suffix], file.read_bytes())
        else:
            self.send_error(404)

    def answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the tests say what went wrong."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Assets)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def noise(width: int, height: int, mode: str = "RGB", seed: int = 7) -> Image.Image:
    shape = (height, width, len(mode))
    values = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    return Image.fromarray(values, mode)


class Bench:
    """An editor on a page of its own, with the words the tests use for it."""

    def __init__(self, page: Page, address: str, language: str = "en") -> None:
        self.page = page
        self.session: CDPSession | None = None
        self.start = f"{address}/{'' if language == 'en' else language}"
        page.goto(self.start)

    def open(self, **options: Any) -> Bench:
        self.page.evaluate(
            """async options => {
              const { editor } = await import("/editor.js");
              window.changes = 0;
              window.e = editor({ ...options, onChange: () => window.changes++ });
              document.querySelector("main").replaceChildren(e.element);
              await e.ready;
            }""",
            options,
        )
        return self

    def load(self, data: bytes, name: str = "picture.png", **how: Any) -> Bench:
        self.give("load", data, name, how)
        self.settle()
        return self

    def give(self, method: str, data: bytes, name: str = "x.png", how: Any = None) -> None:
        kind = "image/jpeg" if data[:2] == b"\xff\xd8" else "image/png"
        self.page.evaluate(
            """async ([method, text, name, type, how]) => {
              const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
              await e[method](new File([bytes], name, { type }), how ?? undefined);
            }""",
            [method, base64.b64encode(data).decode(), name, kind, how],
        )

    def settle(self) -> None:
        """Two frames: sizes observed, everything drawn."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def wait_for_kept(self, key: str, holds: str) -> None:
        """Until what the browser keeps under a key is so; `holds` is asked of `kept`."""
        self.page.evaluate(kept('"/editor_store.js"', holds), key)

    def file(self, method: str) -> bytes | None:
        text = self.page.evaluate(
            """async method => {
              const blob = await e[method]();
              if (!blob) return null;
              const url = await new Promise(done => {
                const reader = new FileReader();
                reader.onload = () => done(reader.result);
                reader.readAsDataURL(blob);
              });
              return url.slice(url.indexOf(",") + 1);
            }""",
            method,
        )
        return None if text is None else base64.b64decode(text)

    def mask(self) -> Array:
        data = self.file("mask")
        assert data is not None
        picture = Image.open(io.BytesIO(data))
        assert picture.format == "PNG"
        assert picture.mode == "L"
        return np.asarray(picture)

    def ask(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def place(self) -> tuple[float, float, float]:
        """Where the picture lies on the page: left, top, CSS pixels a picture's pixel."""
        box = self.page.locator(".paper").bounding_box()
        assert box is not None
        return box["x"], box["y"], box["width"] / self.ask("e.size().width")

    def at(self, x: float, y: float) -> Point:
        left, top, scale = self.place()
        return left + x * scale, top + y * scale

    def stroke(self, *points: Point, button: Any = "left") -> None:
        """A stroke through points given in pixels of the picture."""
        mouse = self.page.mouse
        left, top, scale = self.place()
        first, *others = [(left + x * scale, top + y * scale) for x, y in points]
        mouse.move(*first)
        mouse.down(button=button)
        for point in others:
            mouse.move(*point)
        mouse.up(button=button)

    def brush(self, diameter: int) -> None:
        self.page.locator('[data-knob="size"] input').evaluate(
            """(input, diameter) => {
              const size = e.size();
              input.step = "any";
              input.value = Math.log(diameter) / Math.log(Math.max(size.width, size.height));
              input.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            diameter,
        )
        expect(self.page.locator('[data-knob="size"] output')).to_have_text(f"{diameter} px")

    def act(self, name: str) -> None:
        self.page.locator(f'[data-act="{name}"]').click()

    def changes(self) -> int:
        return self.ask("window.changes")


@pytest.fixture
def bench(chromium: Browser, address: str) -> Iterator[Callable[..., Bench]]:
    contexts: list[Any] = []
    complaints: list[str] = []

    def make(language: str = "en", **options: Any) -> Bench:
        given = {"viewport": {"width": 1000, "height": 900}, "locale": "en-US", **options}
        contexts.append(chromium.new_context(**given))
        page = contexts[-1].new_page()
        page.set_default_timeout(90_000)
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        return Bench(page, address, language)

    yield make
    for context in contexts:
        context.close()
    assert [one for one in complaints if "favicon" not in one and "404" not in one] == []


def capsule(width: int, height: int, a: Point, b: Point, r: float) -> Array:
    """The pixels whose centre is within r of the segment a … b: told by all distances."""
    y, x = np.mgrid[:height, :width] + 0.5
    along = np.array(b) - a
    square = float(along @ along)
    share = ((x - a[0]) * along[0] + (y - a[1]) * along[1]) / square if square else x * 0
    share = np.clip(share, 0, 1)
    return np.hypot(x - a[0] - share * along[0], y - a[1] - share * along[1]) <= r


def same_but_for_edges(mask: Array, wanted: Array, a: Any, b: Any, r: float, width: float) -> None:
    """Equal wherever the pointer's rounding (`width` pixels of the picture) cannot matter."""
    height, columns = mask.shape
    inner = capsule(columns, height, a, b, r - width)
    outer = capsule(columns, height, a, b, r + width)
    assert mask[inner].min() == 255
    assert not mask[~outer].any()
    assert set(np.unique(mask)) <= {0, 255}
    assert wanted.any()
