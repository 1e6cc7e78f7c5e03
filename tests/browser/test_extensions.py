"""An extension of a user's own: tab with Gradio's parts, panel, settings; and a broken one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Server, View, Visitor, free_port

MANIFEST = """
name = "paint"
version = "2.0"
api = 1
server = "server"
[title]
en = "Paint ${1}"
pl = "Farba"
"""
SERVER = """
from typing import Literal

import gradio as gr
from pydantic import BaseModel, Field

from webui.ext import Panel, Tab, hookimpl


class Options(BaseModel):
    amount: float = Field(0.5, ge=0, le=1)
    kind: Literal["oil", "water"] = "oil"
    words: str = ""


class PaintSettings(BaseModel):
    layers: int = Field(3, ge=1, le=9, title="Layers of paint")


def build() -> None:
    name = gr.Textbox(label="Name")
    said = gr.Textbox(label="Said")
    gr.Button("Greet").click(lambda words: f"Hello {words}", name, said)


@hookimpl
def register_tabs() -> list[Tab]:
    return [Tab("wall", {"en": "Wall"}, build)]


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel({"en": "Paint it"}, Options)]


@hookimpl
def register_settings() -> type[BaseModel]:
    return PaintSettings


@hookimpl
def rewrite_request(request, options, settings):
    if not options.words:
        return None
    return request.with_(prompt=f"{options.kind} {options.words} {settings.layers}")
"""


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("painted")
    write(data / "extensions" / "paint", MANIFEST, SERVER)
    write(
        data / "extensions" / "torn", MANIFEST.replace("paint", "torn"), "import nowhere_at_all\n"
    )
    server = Server(data, free_port())
    server.start()
    server.wait_for_worker()
    yield server
    server.kill()


def write(folder: Path, manifest: str, server: str) -> None:
    folder.mkdir(parents=True)
    (folder / "extension.toml").write_text(manifest, encoding="utf-8")
    (folder / "server.py").write_text(server, encoding="utf-8")


@pytest.fixture
def view(painted: Server, chromium: Browser) -> Iterator[View]:
    context = chromium.new_context(locale="en-US", base_url=painted.address)
    context.set_default_timeout(90_000)
    visitor = Visitor(context, painted.address)
    yield visitor.open()
    assert visitor.complaints == []
    context.close()


def test_its_tab_works_with_gradios_own_parts(view: View):
    view.show("paint-wall")
    view.page.get_by_label("Name", exact=True).fill("${alert(1)}")
    view.page.get_by_role("button", name="Greet").click()
    expect(view.page.get_by_label("Said")).to_have_value("Hello ${alert(1)}")


def test_its_panel_and_settings_reach_the_request(view: View):
    view.show("settings")
    layers = view.page.locator("#tab-settings").get_by_role("spinbutton", name="Layers of paint")
    layers.fill("7")
    layers.press("Tab")
    expect(view.page.get_by_text("Saved", exact=True)).to_be_visible()
    view.show("txt2img")
    view.page.locator("summary", has_text="Paint it").click()
    view.fill(**{"extensions.paint.words": "rocket", "steps": 1, "width": 64, "height": 64})
    view.field("extensions.paint.kind").select_option("water")
    view.generate()
    view.wait_for_pictures(1)
    expect(view.page.locator(".parameters")).to_contain_text("water rocket 7")
    view.fill(**{"extensions.paint.amount": 5})
    view.generate()
    expect(view.field("extensions.paint.amount")).to_have_attribute("aria-invalid", "true")


def test_a_broken_one_is_listed_with_its_reason(view: View):
    view.show("extensions")
    card = view.page.locator(".card", has_text="nowhere_at_all")
    expect(card).to_contain_text("broken")
    expect(card).to_contain_text("ModuleNotFoundError")
    expect(view.page.locator(".card", has_text="Paint ${1}").first).to_contain_text("2.0")


def test_what_is_wrong_and_when_an_install_counts_is_said_in_the_readers_language(
    painted: Server, chromium: Browser, tmp_path: Path
):
    manifest = 'name = "glow"\nversion = "1"\napi = 1\nserver = "server"\n'
    write(tmp_path / "glow", manifest, "")
    context = chromium.new_context(locale="pl-PL", base_url=painted.address)
    context.set_default_timeout(90_000)
    view = Visitor(context, painted.address).open()
    view.show("extensions")
    tab = view.page.locator("#tab-extensions")
    expect(tab.locator(".card", has_text="nowhere_at_all")).to_contain_text("zawiodło w server.py")
    expect(tab.locator("p.restart")).to_be_hidden()
    tab.locator("[data-part=install] input").fill(str(tmp_path / "glow"))
    tab.get_by_role("button", name="Obejrzyj").click()
    tab.get_by_role("button", name="Zainstaluj").click()
    expect(tab.locator("p.restart")).to_contain_text("od następnego uruchomienia")
    context.close()
