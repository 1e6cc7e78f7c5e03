"""A server of files that can do all that servers do wrong."""

import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Page:
    """What lies at an address.

    Attributes:
        ranges: whether parts of it can be asked for.
        claimed: the length that is said, where that is not the true one; -1: none.
        cut: break the line after so many bytes of the body.
        hang: seconds of silence after so many bytes (`cut`) or before all.
        paced: bytes at a time, with a short pause after each.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    ranges: bool = True
    claimed: int | None = None
    cut: int | None = None
    hang: float = 0.0
    paced: int = 0


@dataclass
class Asked:
    """A request that came."""

    path: str
    headers: dict[str, str]


class Peer:
    """Pages by path; `once` holds what the next requests get before that."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.pages: dict[str, Page] = {}
        self.once: dict[str, list[Page]] = {}
        self.asked: list[Asked] = []
        self.over = threading.Event()

    def put(self, path: str, body: bytes = b"", **more: Any) -> str:
        """Have a page; returns its address."""
        self.pages[path] = Page(body, **more)
        return self.base + path

    def first(self, path: str, *pages: Page) -> None:
        """What is answered before the page itself."""
        self.once[path] = [*pages]

    def ranges(self) -> list[str | None]:
        """The ranges that were asked for."""
        return [one.headers.get("range") for one in self.asked]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.asked.append(Asked(path, headers))
        queue = self.once.get(path) or []
        page = queue.pop(0) if queue else self.pages.get(path, Page(status=404))
        self._send(handler, page, headers)

    def _send(self, handler: BaseHTTPRequestHandler, page: Page, headers: dict[str, str]) -> None:
        body, status, extra = page.body, page.status, dict(page.headers)
        asked = headers.get("range", "")
        same = headers.get("if-range") in (None, extra.get("etag"), extra.get("last-modified"))
        if asked and page.ranges and same and status == 200:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            status = 206 if start < len(body) else 416
            extra["content-range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            body = body[start:] if status == 206 else b""
        if page.cut is None:
            self.over.wait(page.hang)
        handler.send_response(status)
        if page.claimed != -1:
            handler.send_header("content-length", str(page.claimed or len(body)))
        for name, value in extra.items():
            handler.send_header(name, value)
        handler.end_headers()
        with suppress(OSError):
            self._write(handler, page, body[: page.cut])

    def _write(self, handler: BaseHTTPRequestHandler, page: Page, body: bytes) -> None:
        step = page.paced or max(1, len(body))
        for start in range(0, len(body), step):
            handler.wfile.write(body[start : start + step])
            handler.wfile.flush()
            if page.paced:
                time.sleep(0.02)
        if page.cut is not None:
            self.over.wait(page.hang)


@contextmanager
def serving(certificate: Path | None = None) -> Generator[Peer]:
    """A peer, gone at the end; with a certificate (and its key in one file) it speaks https."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Whoever does not trust us goes away."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            peer.answer(self)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    peer = Peer(server.server_address[1])
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        peer.base = f"https://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        peer.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
