"""Extensions that describe pictures and mend faces: their menus, and what comes of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Server, View, Visitor, free_port
from tests.browser.pictures import decode, encode

MANIFEST = """
name = "tools"
version = "1.0"
api = 1
worker = "worker"
"""
WORKER = """
from PIL import ImageOps

from webui.ext import PictureTool, hookimpl


@hookimpl
def register_captioners():
    return [PictureTool("size", {"en": "Size", "pl": "Rozmiar"}, lambda p: f"{p.width} wide")]


@hookimpl
def register_restorers():
    return [PictureTool("invert", {"en": "Invert"}, ImageOps.invert)]
"""


@pytest.fixture(scope="module")
def equipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("equipped")
    home = data / "extensions" / "tools"
    home.mkdir(parents=True)
    (home / "extension.toml").write_text(MANIFEST, encoding="utf-8")
    (home / "worker.py").write_text(WORKER, encoding="utf-8")
    server = Server(data, free_port())
    server.start()
    server.wait_for_worker()
    yield server
    server.kill()


@pytest.fixture
def visitor(equipped: Server, chromium: Browser) -> Iterator[Visitor]:
    context = chromium.new_context(locale="en-US", base_url=equipped.address)
    visitor = Visitor(context, equipped.address)
    yield visitor
    context.close()
    assert visitor.complaints == []


BLUE = Image.new("RGB", (72, 64), (0, 100, 200))


def test_a_description_goes_into_the_prompt_and_back(visitor: Visitor):
    tab = visitor.open().tab("img2img")
    tab.put(BLUE)
    tab.fill(prompt="mine")
    expect(tab.field("_captioner")).to_have_value("size")
    tab.button("Describe the picture").click()
    expect(tab.field("prompt")).to_have_value("72 wide")
    tab.page.locator("button.link", has_text="Undo").click()
    expect(tab.field("prompt")).to_have_value("mine")


def test_faces_are_mended(visitor: Visitor):
    tab = visitor.open().tab("upscale")
    file: Any = {"name": "blue.png", "mimeType": "image/png", "buffer": encode(BLUE)}
    tab.find(".pictures input[type=file]").set_input_files([file])
    expect(tab.find(".held li")).to_have_count(1)
    expect(tab.field("restorer_share")).to_be_hidden()
    tab.field("restorer").select_option("Invert")
    expect(tab.field("restorer_share")).to_be_visible()
    tab.generate()
    tab.wait_for_pictures(1)
    made = decode(tab.picture(tab.jobs()[0]["pictures"][0]["id"]))
    assert made.shape == (128, 144, 3)
    assert made[60, 70].tolist() == [255, 155, 55]


def test_without_such_extensions_nothing_is_shown(view: View):
    for name, field in (("img2img", "_captioner"), ("upscale", "restorer")):
        tab = view.tab(name)
        expect(tab.find(".generate")).to_be_visible()
        expect(tab.field(field)).to_be_hidden()
