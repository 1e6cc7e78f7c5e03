"""ControlNet as users meet it: units, pictures, maps; the worker needs no model."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, View, Visitor, free_port
from tests.browser.pictures import encode, scene

TENSOR = {"dtype": "F32", "shape": [1, 1, 1, 1], "data_offsets": [0, 4]}
HEADER = json.dumps({"controlnet_cond_embedding.conv_in.weight": TENSOR}).encode()
PICTURE: Any = {"name": "a.png", "mimeType": "image/png", "buffer": encode(scene(96, 64, 0))}


@pytest.fixture(scope="module")
def controlled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("controlled")
    folder = data / "models" / "controlnet"
    folder.mkdir(parents=True)
    file = len(HEADER).to_bytes(8, "little") + HEADER + bytes(4)
    (folder / "edges.safetensors").write_bytes(file)
    server = Server(data, free_port(), module="tests.serve_fake")
    server.start()
    server.wait_for_worker()
    yield server
    server.kill()


@pytest.fixture
def page(controlled: Server, chromium: Browser) -> Iterator[Page]:
    size: Any = {"width": 1200, "height": 1400}
    context = chromium.new_context(locale="en-US", base_url=controlled.address, viewport=size)
    visitor = Visitor(context, controlled.address)
    yield visitor.open().page
    assert visitor.complaints == []
    context.close()


def panel(page: Page) -> View:
    view = View(page, "#tab-txt2img [data-panel=controlnet]")
    page.locator(view.within).locator("xpath=ancestor::details").evaluate("e => (e.open = true)")
    return view


def units(page: Page) -> list[dict[str, Any]]:
    words = page.evaluate("localStorage['easel.txt2img.extensions.controlnet']")
    return json.loads(words)["units"]


def test_units_are_set_kept_and_sent(page: Page):
    tab, net = View(page, "#tab-txt2img"), panel(page)
    tab.fill(prompt="a cat", width=64, height=64, steps=1)
    net.button("Add a unit").click()
    tab.generate()
    expect(tab.find(".failure")).to_contain_text("controlnet: Unit 1 has no ControlNet")
    net.field("model").select_option("edges")
    net.find("input[data-takes=control]").set_input_files(PICTURE)
    net.field("preprocessor").select_option("canny")
    net.fill(low=7)
    expect(net.find("img[alt=Picture]")).to_be_visible()
    net.button("Show the map").click()
    expect(net.find("img[alt=Map]")).to_be_visible()
    net.find(".number[aria-label^='From this']").fill("0.9")
    net.find(".number[aria-label^='Up to']").fill("0.4")
    tab.generate()
    expect(net.find("[data-field=start] .problem")).to_contain_text("starts after its end")
    net.find(".number[aria-label^='From this']").fill("0.1")
    net.button("Duplicate this unit").click()
    expect(net.find("[role=tab]")).to_have_count(2)
    page.reload()
    net = panel(page)
    expect(net.find("[role=tab]")).to_have_text(["Unit 1 · canny", "Unit 2 · canny"])
    net.button("Remove this unit").click()
    tab.generate()
    tab.wait_for_pictures(1)
    (sent,) = tab.jobs()[0]["request"]["extensions"]["controlnet"]["units"]
    assert sent["image"].startswith("sha256:")
    told = {name: sent[name] for name in ("preprocessor", "options", "model", "start", "end")}
    wanted = {"preprocessor": "canny", "options": {"low": 7}, "model": "edges"}
    assert told == {**wanted, "start": 0.1, "end": 0.4}


def test_a_map_becomes_the_picture_and_a_mask_is_painted(page: Page):
    net = panel(page)
    net.button("Add a unit").click()
    net.find("input[data-takes=control]").set_input_files(PICTURE)
    net.field("preprocessor").select_option("canny")
    net.button("Show the map").click()
    net.button("Use as the picture").click()
    expect(net.field("preprocessor")).to_have_value("none")
    (unit,) = units(page)
    assert unit["image"].startswith("picture:")
    net.button("Where it leads").click()
    paper = page.locator("dialog .paper").bounding_box()
    assert paper
    page.mouse.move(paper["x"] + 20, paper["y"] + 20)
    page.mouse.down()
    page.mouse.move(paper["x"] + 60, paper["y"] + 60)
    page.mouse.up()
    page.locator("dialog").get_by_role("button", name="Use this").click()
    expect(net.find("img.over")).to_be_visible()
    (unit,) = units(page)
    assert unit["mask"].startswith("sha256:")
    net.button("Everywhere").click()
    assert units(page)[0]["mask"] is None
