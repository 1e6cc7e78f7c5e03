"""The server goes away and comes back under an open page."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Server, View, Visitor, free_port

BANNER = """() => {
  const banner = document.querySelector(".banner");
  window.told = [];
  new MutationObserver(() => told.push(banner.textContent)).observe(banner, { childList: true });
}"""
"""Keeps what it says, of which some is gone after seconds."""


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, free_port())
    server.start()
    yield server
    server.kill()


def worker_of(server: Server) -> psutil.Process:
    """The process that draws, as soon as there is one."""
    note = server.data / "state" / "worker.json"
    server.wait(note.exists, 60)
    return psutil.Process(json.loads(note.read_text(encoding="utf-8"))["pid"])


def test_a_page_outlives_its_server(own_server: Server, chromium: Browser):
    worker = worker_of(own_server)
    worker.suspend()  # so that it is not ready before the page is
    context = chromium.new_context(locale="en-US", base_url=own_server.address)
    context.set_default_timeout(90_000)
    visitor = Visitor(context, own_server.address)
    view = visitor.open()
    expect(view.page.locator(".worker")).to_contain_text("loading PyTorch")
    worker.resume()
    view.fill(prompt="a volcano", steps=2, width=64, height=64)
    view.generate()
    view.wait_for_pictures(1)
    own_server.kill()
    expect(view.page.locator(".banner")).to_contain_text("No connection to the server")
    view.generate()
    expect(view.page.locator(".alert")).to_contain_text("The server does not answer")
    view.page.evaluate(BANNER)
    own_server.start()
    view.page.wait_for_function("told.some(words => words.includes('Connected again'))")
    expect(view.page.locator(".banner")).to_be_hidden()
    expect(view.tiles).to_have_count(1)
    view.page.reload()
    view.wait_for_pictures(1)
    expect(view.field("prompt")).to_have_value("a volcano")
    view.generate()
    view.wait_for_pictures(2)
    assert [complaint for complaint in visitor.complaints if "console" not in complaint] == []
    context.close()


def test_a_password_opens_the_page_and_its_end_is_told(tmp_path: Path, chromium: Browser):
    server = Server(tmp_path, free_port(), ("--password", "paint"))
    server.start()
    try:
        context = chromium.new_context(locale="en-US", base_url=server.address)
        context.set_default_timeout(90_000)
        page = context.new_page()
        page.goto(server.address)
        expect(page.locator(".generate")).to_have_count(0)
        page.locator("input[type=password]").fill("paint")
        page.keyboard.press("Enter")
        expect(page.locator(".worker")).to_contain_text("Ready on")
        View(page).fill(steps=1, width=64, height=64)
        View(page).generate()
        View(page).wait_for_pictures(1)
        context.clear_cookies()
        View(page).generate()
        expect(page.locator(".alert")).to_contain_text("password")
        server.kill()
        server.start()  # the line is cut, and the next one is refused
        expect(page.locator(".banner")).to_contain_text("no longer logged in")
        page.get_by_role("link", name="Log in again").click()
        page.locator("input[type=password]").wait_for()
        context.close()
    finally:
        server.kill()


def test_another_build_is_loaded_anew(view: View):
    with view.page.expect_navigation():
        view.page.evaluate(
            """async () => {
                const { hear } = await import(`/own/${easel.build}/live.js`);
                hear({ link: "online", build: "newer" });
            }"""
        )


def test_who_is_no_longer_logged_in_is_told(view: View):
    expect(view.page.locator(".worker")).to_contain_text("on CPU")  # the real feed has spoken
    view.page.evaluate(
        """async () => {
            const { hear } = await import(`/own/${easel.build}/live.js`);
            hear({ link: "login" });
        }"""
    )
    expect(view.page.locator(".banner")).to_contain_text("no longer logged in")
    expect(view.page.get_by_role("link", name="Log in again")).to_have_attribute("href", "/login")


def test_many_tabs_share_one_line(visitors: Callable[..., Visitor]):
    """A browser has six connections to a server; one a tab would be too many."""
    visitor = visitors()
    pages = [visitor.open().page for _ in range(9)]
    for page in pages:
        expect(page.locator(".worker")).to_contain_text("Ready on")
    View(pages[0]).fill(steps=1, width=64, height=64)
    View(pages[0]).generate()
    for page in pages:
        View(page).wait_for_pictures(1)


def test_without_shared_workers_it_works_as_well(own_server: Server, chromium: Browser):
    """As on Android."""
    context = chromium.new_context(locale="en-US", base_url=own_server.address)
    context.set_default_timeout(90_000)
    context.add_init_script("delete window.SharedWorker")
    view = Visitor(context, own_server.address).open()
    expect(view.page.locator(".worker")).to_contain_text("Ready on")
    view.fill(steps=2, width=64, height=64)
    view.generate()
    view.wait_for_pictures(1)
    context.close()
