"""Buttons that extensions add below pictures: what comes of a press; no model is needed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ROOT, Server, View, Visitor, free_port

MANIFEST = 'name = "{name}"\nversion = "1.0"\napi = 1\nserver = "server"\n'
WORDS = """
from webui.ext import GalleryAction, UserError, hookimpl


def torn(picture):
    raise RuntimeError("torn apart")


@hookimpl
def register_gallery_actions():
    return [
        GalleryAction("say", {"en": "Say its seed"}, lambda one: one.infotext.split("Seed: ")[1]),
        GalleryAction("tear", {"en": "Tear"}, torn),
    ]
"""


@pytest.fixture(scope="module")
def acting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data: Path = tmp_path_factory.mktemp("acting")
    example = "example_gallery_actions"
    shutil.copytree(ROOT / "examples" / "extensions" / example, data / "extensions" / example)
    home = data / "extensions" / "words"
    home.mkdir()
    (home / "extension.toml").write_text(MANIFEST.format(name="words"), encoding="utf-8")
    (home / "server.py").write_text(WORDS, encoding="utf-8")
    server = Server(data, free_port(), module="tests.serve_fake")
    server.start()
    server.wait_for_worker()
    yield server
    server.kill()


@pytest.fixture(params=[{"width": 1200, "height": 1000}, {"width": 390, "height": 844}])
def page(acting: Server, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    size: Any = request.param
    context = chromium.new_context(locale="en-US", base_url=acting.address, viewport=size)
    yield Visitor(context, acting.address).open().page
    context.close()


def test_a_button_asks_for_a_job_says_a_sentence_or_says_why_not(page: Page):
    tab = View(page, "#tab-txt2img")
    before = len(tab.jobs())
    tab.fill(prompt="a cat", width=64, height=64, steps=1, seed=7)
    tab.generate()
    buttons = page.locator("#tab-txt2img .sends")
    tab.button("Say its seed").click()
    notice = page.locator(".notice")
    expect(notice).to_contain_text("7, Size: 64x64")
    tab.button("Tear").click()
    expect(notice).to_contain_text("words")
    expect(notice).to_contain_text("torn apart")
    tab.button("Twice as large").focus()
    page.keyboard.press("Enter")
    expect(notice).to_contain_text("Twice as large")
    page.wait_for_timeout(100)
    asked, drawn = tab.jobs()[:2]
    assert len(tab.jobs()) == before + 2
    assert (asked["request"]["kind"], asked["request"]["by"]) == ("upscale", 2)
    assert asked["request"]["image"].startswith("sha256:")
    assert drawn["request"]["seed"] == 7
    expect(buttons).to_be_visible()
