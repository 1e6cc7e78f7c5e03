"""A panel that an extension draws by a script of its own; the worker needs no model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, View, Visitor, free_port

MANIFEST = """
name = "{name}"
version = "1.0"
api = 1
server = "server"
"""
SERVER = """
from pydantic import BaseModel
from webui.ext import Panel, hookimpl

class Dots(BaseModel):
    dots: tuple[int, ...] = ()

@hookimpl
def register_panels():
    return [Panel({"en": "Dots"}, Dots, script="panel.js", style="panel.css")]
"""
PANEL = """
import { h } from "easel";
export function mount({ element, value, change, tab }) {
  const shown = h("output", {});
  const write = next => {
    value = next;
    shown.textContent = `${tab} ${JSON.stringify(value.dots)}`;
  };
  const add = number => {
    write({ dots: [...value.dots, number] });
    change(value);
  };
  element.append(
    h("button.dot", { type: "button", onclick: () => add(7) }, "dot"),
    h("button.bad", { type: "button", onclick: () => add("no number") }, "bad"),
    shown,
  );
  write(value);
  return { write, blame: (sentence, place) => (shown.title = place) };
}
"""


def write(folder: Path, script: str) -> None:
    (folder / "web").mkdir(parents=True)
    (folder / "extension.toml").write_text(MANIFEST.format(name=folder.name), encoding="utf-8")
    (folder / "server.py").write_text(SERVER, encoding="utf-8")
    (folder / "web" / "panel.js").write_text(script, encoding="utf-8")
    (folder / "web" / "panel.css").write_text(".dot { width: 77px; }", encoding="utf-8")


@pytest.fixture(scope="module")
def dotted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("dotted")
    write(data / "extensions" / "dots", PANEL)
    write(data / "extensions" / "torn", "throw new Error('torn apart');")
    server = Server(data, free_port(), module="tests.serve_fake")
    server.start()
    server.wait_for_worker()
    yield server
    server.kill()


@pytest.fixture
def page(dotted: Server, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(locale="en-US", base_url=dotted.address)
    visitor = Visitor(context, dotted.address)
    yield visitor.open().page
    assert visitor.complaints == []
    context.close()


def panel(page: Page, tab: str, name: str = "dots") -> View:
    view = View(page, f"#tab-{tab} [data-panel={name}]")
    page.locator(view.within).locator("xpath=ancestor::details").evaluate("e => (e.open = true)")
    return view


def test_its_value_lives_as_that_of_any_field(page: Page):
    dots = panel(page, "txt2img")
    expect(dots.find("output")).to_have_text("txt2img []")
    expect(dots.find(".dot")).to_have_css("width", "77px")
    torn = panel(page, "txt2img", "torn").find(".problem")
    expect(torn).to_contain_text("extension torn cannot be shown")
    dots.find(".dot").click()
    page.reload()
    dots = panel(page, "txt2img")
    expect(dots.find("output")).to_have_text("txt2img [7]")
    tab = View(page, "#tab-txt2img")
    tab.fill(prompt="dots", width=64, height=64, steps=1)
    tab.generate()
    tab.wait_for_pictures(1)
    assert tab.jobs()[0]["request"]["extensions"] == {"dots": {"dots": [7]}}
    dots.find(".bad").click()
    tab.generate()
    expect(dots.find(".problem")).to_contain_text("dots")
    expect(dots.find("output")).to_have_attribute("title", "dots.1")
    tab.show("img2img")
    expect(panel(page, "img2img").find("output")).to_have_text("img2img []")
