"""Extensions that describe pictures and mend faces: their menus, and what comes of them."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Server, Visitor, free_port

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


def picture(folder: Path) -> Path:
    path = folder / "blue.png"
    Image.new("RGB", (72, 64), (0, 100, 200)).save(path)
    return path


def test_a_description_goes_into_the_prompt_and_back(visitor: Visitor, tmp_path: Path):
    view = visitor.open()
    view.show("img2img")
    tab = view.page.locator("#img2img")
    tab.locator("input[type=file]").first.set_input_files(picture(tmp_path))
    prompt = tab.locator('[data-field="prompt"] textarea')
    prompt.fill("mine")
    expect(tab.locator('[data-field="_captioner"] select')).to_have_value("size")
    tab.get_by_role("button", name="Describe the picture").click()
    expect(prompt).to_have_value("72 wide")
    view.page.get_by_role("button", name="Undo").click()
    expect(prompt).to_have_value("mine")


def test_faces_are_mended(visitor: Visitor, tmp_path: Path):
    view = visitor.open()
    view.show("upscale")
    tab = view.page.locator("#upscale")
    tab.locator("input[type=file]").first.set_input_files(picture(tmp_path))
    share = tab.locator('[data-field="restorer_share"]')
    expect(share).to_be_hidden()
    tab.locator('[data-field="restorer"] select').select_option("Invert")
    expect(share).to_be_visible()
    tab.locator(".generate").click()
    expect(tab.locator(".open img").last).to_be_visible()
    job = view.jobs()[0]
    made = Image.open(io.BytesIO(view.picture(job["pictures"][0]["id"])))
    assert made.size == (144, 128)
    assert made.getpixel((70, 60)) == (255, 155, 55)


def test_without_such_extensions_nothing_is_shown(visitors: Callable[..., Visitor]):
    view = visitors().open()
    for tab, field in (("img2img", "_captioner"), ("upscale", "restorer")):
        view.show(tab)
        expect(view.page.locator(f'#{tab} [data-field="prompt"]').first).to_be_attached()
        expect(view.page.locator(f'#{tab} [data-field="{field}"]')).to_be_hidden()
