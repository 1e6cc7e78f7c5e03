"""A real server with the shipped model, and Chromium to look at it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FloatRect,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from tests.browser.bench import address, bench  # noqa: F401 (fixtures)
from tests.browser.pictures import encode

ROOT = Path(__file__).parents[2]
START_SECONDS = 120
WORKER_SECONDS = 180
SOON_SECONDS = 90  # a busy machine draws slowly
expect.set_options(timeout=SOON_SECONDS * 1000)
FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Two of them: sizes are observed, and everything is drawn."""
TILES = ".tile:not(.running):not(.failed):not(.older):not(.home)"
LONG = {"batch_count": 100, "steps": 40, "width": 64, "height": 64}
"""A job that still runs when a slow browser comes to look at it; to be interrupted in the end."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@dataclass
class Server:
    """`python -m webui` on a data folder; may be killed and started again."""

    data: Path
    port: int
    options: tuple[str, ...] = ()
    module: str = "webui"
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", self.module, "--no-browser"]
        command += ["--port", str(self.port), "--data-dir", str(self.data), *self.options]
        with (self.data / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        self.wait(self.answers, START_SECONDS)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.address}/api/v1/state", timeout=30).close()
        except urllib.error.HTTPError:
            return True  # it wants a password
        except OSError:
            return False
        return True

    def get(self, path: str) -> Any:
        """The answer of a route, or None while there is none."""
        try:
            with urllib.request.urlopen(f"{self.address}/api/v1/{path}", timeout=30) as answer:
                return json.load(answer)
        except OSError:
            return None

    def change_settings(self, **changes: Any) -> None:
        request = urllib.request.Request(
            f"{self.address}/api/v1/settings",
            data=json.dumps(changes).encode(),
            headers={"content-type": "application/json"},
            method="PATCH",
        )
        urllib.request.urlopen(request, timeout=30).close()

    def wait_for_worker(self) -> None:
        self.wait(self.is_ready, WORKER_SECONDS)

    def is_ready(self) -> bool:
        state = self.get("state")
        return state is not None and state["worker"]["state"] == "ready"

    def wait(self, holds: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert self.process is None or self.process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.1)

    def log(self) -> str:
        return (self.data / "server.log").read_text(encoding="utf-8", errors="replace")[-4000:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    own = Server(tmp_path_factory.mktemp("data"), free_port())
    own.start()
    own.wait_for_worker()
    yield own
    own.kill()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("Chromium is not installed: the browser tests need it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """One browser (cookies, storage), and what should not have happened in it."""

    context: BrowserContext
    address: str
    complaints: list[str] = field(default_factory=list[str])

    def open(self) -> View:
        self.context.set_default_timeout(SOON_SECONDS * 1000)
        page = self.context.new_page()
        page.on("request", self._check_host)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("console", self._check_console)
        page.goto(self.address)
        page.locator(".generate").wait_for()
        page.wait_for_function("document.querySelector('[data-field=model] select').value !== ''")
        return View(page)

    def leave(self) -> None:
        """What still runs is not in the way of the next test."""
        jobs = self.context.request.get("/api/v1/jobs")
        for job in jobs.json()["jobs"] if jobs.ok else ():
            if job["state"] in ("queued", "running", "interrupted"):
                cancel = f"/api/v1/jobs/{job['id']}/cancel"
                self.context.request.post(cancel, headers={"origin": self.address})
        self.context.close()

    def _check_host(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and f"http://{parts.netloc}" != self.address:
            self.complaints.append(f"asked elsewhere: {request.url}")

    def _check_console(self, message: Any) -> None:
        # A refusal (4xx) and a server that is away are said by the browser, too.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(f"console: {message.text}")


@dataclass
class View:
    """A page with the words the tests use for it; `within` is the tab they mean."""

    page: Page
    within: str = "body"

    def tab(self, id: str) -> View:
        """Go to a tab; what the new view says is meant of it."""
        self.show(id)
        return View(self.page, f"#tab-{id}")

    def find(self, selector: str) -> Locator:
        return self.page.locator(self.within).locator(selector)

    def button(self, name: str) -> Locator:
        return self.page.locator(self.within).get_by_role("button", name=name, exact=True)

    def field(self, name: str) -> Locator:
        return self.find(f'[data-field="{name}"] :is(input, select, textarea)').first

    def choose(self, name: str, value: str) -> None:
        """One of several that stand side by side."""
        self.find(f'[data-field="{name}"] input[value="{value}"]').check()

    def fill(self, **values: object) -> None:
        for name, value in values.items():
            self.field(name).fill(str(value))

    def problem(self, name: str) -> Locator:
        return self.find(f'[data-field="{name}"] .problem')

    def shows(self, **values: object) -> None:
        """Fields have these values, now or soon."""
        for name, value in values.items():
            expect(self.field(name)).to_have_value(str(value))

    def until(self, look: Callable[[], Any]) -> Any:
        """What `look` gives as soon as it is something: where the page shows nothing of it."""
        end = time.monotonic() + SOON_SECONDS
        while not (found := look()):
            assert time.monotonic() < end, "it did not come"
            self.page.wait_for_timeout(50)
        return found

    def generate(self) -> None:
        self.find(".generate").click()

    @property
    def tiles(self) -> Locator:
        """Small pictures of results; not the one in the making."""
        return self.find(TILES)

    def wait_for_pictures(self, count: int, seconds: float = 120) -> None:
        self.page.wait_for_function(
            "([where, n]) => document.querySelectorAll(where).length >= n",
            arg=[f"{self.within} {TILES}", count],
            timeout=seconds * 1000,
        )

    def wait_until_idle(self, seconds: float = 120) -> None:
        self.page.wait_for_function(
            "w => !document.querySelector(`${w} .bar`).textContent.includes('Interrupt')",
            arg=self.within,
            timeout=seconds * 1000,
        )

    def interrupt(self) -> None:
        self.page.get_by_role("button", name="Interrupt").click()
        self.wait_until_idle()

    def jobs(self) -> list[dict[str, Any]]:
        """This browser's jobs, the newest first."""
        return self.page.request.get("/api/v1/jobs").json()["jobs"]

    def picture(self, id: str) -> bytes:
        answer = self.page.request.get(f"/api/v1/pictures/{id}")
        assert answer.ok
        return answer.body()

    def put(self, picture: Image.Image | bytes, name: str = "given.png") -> None:
        """Choose a picture for the editor of the tab."""
        data = picture if isinstance(picture, bytes) else encode(picture)
        file: Any = {"name": name, "mimeType": "image/png", "buffer": data}
        shown = self.find(".editor .paper > img")
        before = shown.get_attribute("src")
        self.find("input[data-takes=picture]").set_input_files(file)
        expect(shown).not_to_have_attribute("src", before or "")  # it may hold another one
        self.find(".editor.full-of").wait_for()
        box_of(self.find(".editor .paper"))

    def show(self, tab: str) -> None:
        """Go to a tab: once the frame is there, which goes back to the tab of before a reload."""
        self.page.locator(".brand").wait_for()
        button = self.page.locator(f"#tab-{tab}-button")
        button.click()
        expect(button).to_have_attribute("aria-selected", "true")


def box_of(place: Locator) -> FloatRect:
    """Where it lies on the page, as soon as nothing moves it any more: pictures that come, sizes
    that are observed."""
    box = None
    end = time.monotonic() + SOON_SECONDS
    while (now := place.bounding_box()) is None or now != box:
        assert time.monotonic() < end, "it does not come to rest"
        box = now
        place.page.evaluate(FRAMES)
    return now


@pytest.fixture
def visitors(server: Server, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors; at the end none of them may have met an error or another host."""
    made: list[Visitor] = []

    def visitor(**options: Any) -> Visitor:
        given = {"locale": "en-US", "base_url": server.address, **options}
        made.append(Visitor(chromium.new_context(**given), server.address))
        return made[-1]

    yield visitor
    complaints = [complaint for one in made for complaint in one.complaints]
    for one in made:
        one.leave()
    assert complaints == []


@pytest.fixture
def view(visitors: Callable[..., Visitor]) -> View:
    return visitors().open()
