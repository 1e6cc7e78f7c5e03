"""ControlNet as users meet it: units, pictures, maps; the worker needs no model."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Server, View, Visitor, box_of, free_port
from tests.browser.pictures import encode, scene
from tests.extensions.control import module
from webui.library.pictures import encode as saved

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
    expect(net.find("[data-field=model] .problem")).to_contain_text("Unit 1 has no ControlNet")
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
    assert len(tab.jobs()) == 2, "the map and the picture: nothing was asked for that was refused"
    (sent,) = tab.jobs()[0]["request"]["extensions"]["controlnet"]["units"]
    assert sent["image"].startswith("sha256:")
    told = {name: sent[name] for name in ("preprocessor", "options", "model", "start", "end")}
    wanted = {"preprocessor": "canny", "options": {"low": 7}, "model": "edges"}
    assert told == {**wanted, "start": 0.1, "end": 0.4}
    send(page, 'ControlNet 0: "Module: invert, Model: edges, Weight: 0.5, Pixel Perfect: True", ')
    expect(net.find("[role=tab]")).to_have_text(["Unit 1 · invert"])
    kept(
        page,
        lambda found: [(one["preprocessor"], one["weight"]) for one in found],
        [("invert", 0.5)],
    )
    kept(page, lambda found: [one["enabled"] for one in found], [True])
    send(page, "")
    expect(net.field("enabled")).not_to_be_checked()
    kept(page, lambda found: [one["enabled"] for one in found], [False])


def kept(page: Page, look: Callable[[list[dict[str, Any]]], Any], wanted: object) -> None:
    """The browser keeps units of this kind; a busy machine takes its time to."""
    for _ in range(600):
        if look(units(page)) == wanted:
            break
        page.wait_for_timeout(100)
    assert look(units(page)) == wanted


def send(page: Page, units: str) -> None:
    """Take a picture's settings over into Text to image."""
    words = f"a cat\nSteps: 4, Sampler: Euler a, Seed: 1, {units}Size: 64x64"
    data = saved(Image.new("RGB", (64, 64)), "png", 90, words)
    page.locator("#tab-image_info-button").click()
    info = page.locator("#tab-image_info")
    info.locator("input[type=file]").set_input_files(
        {"name": "told.png", "mimeType": "image/png", "buffer": data}
    )
    told = expect(info.locator(".parameters"))  # not those of the picture before
    told.to_be_visible()
    told.to_contain_text("ControlNet 0") if units else told.not_to_contain_text("ControlNet 0")
    page.evaluate("document.querySelector('.notice')?.replaceChildren()")  # nor what it said
    info.get_by_role("button", name="Text to image").click()
    expect(page.locator(".notice")).not_to_be_empty()


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
    paper = box_of(page.locator("dialog .paper"))
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
    tab = View(page, "#tab-txt2img")
    tab.fill(prompt="a cat", width=64, height=64, steps=1)
    net.field("model").select_option("edges")
    names = ("a.png", "b.png")
    files: Any = [
        {**PICTURE, "name": name, "buffer": encode(scene(32, 32, i))}
        for i, name in enumerate(names)
    ]
    net.find("input[data-takes=several]").set_input_files(files)
    expect(net.find("[data-field=image]")).to_contain_text("2 pictures")
    tab.generate()
    tab.wait_for_pictures(2)
    second, first = (
        job["request"]["extensions"]["controlnet"]["units"][0] for job in tab.jobs()[:2]
    )
    assert first["image"] != second["image"]
    assert [first.get("batch", []), second.get("batch", [])] == [[], []]


def points(page: Page) -> list[Any]:
    """x and y of the points of the last person, None where there is none."""
    pose = json.loads(units(page)[0]["options"]["pose"])
    row = pose["people"][-1]["pose_keypoints_2d"]
    return [row[i : i + 2] if row[i + 2] else None for i in range(0, len(row), 3)]


def test_a_pose_is_edited_and_drawn_as_the_worker_draws_it(page: Page):
    net = panel(page)
    View(page, "#tab-txt2img").fill(width=256, height=256)
    net.button("Add a unit").click()

    def pose() -> View:
        net.button("Pose").click()
        page.locator("dialog[open] .pose-point").first.wait_for()
        return View(page, "dialog[open]")

    editor = pose()
    editor.button("Use this").click()
    expect(net.field("preprocessor")).to_have_value("openpose_json")
    before = points(page)
    editor = pose()
    wrist = editor.find("[aria-label='Person 1: right wrist']")
    wrist.press("Shift+ArrowUp")
    wrist.press("ArrowLeft")
    editor.find("[aria-label='Person 1: left ear']").press("Delete")
    nose, paper = (box_of(editor.find(one)) for one in (".pose-point >> nth=0", ".pose-paper"))
    page.mouse.move(nose["x"] + 13, nose["y"] + 13)
    page.mouse.down()
    page.mouse.move(nose["x"] + 13, nose["y"] + 13 + paper["height"] / 8)
    page.mouse.up()
    editor.button("Use this").click()
    page.locator("dialog").wait_for(state="detached")
    # The picture of the pose is sent before the unit has it.
    after = net.until(lambda: (now := points(page)) != before and now)
    assert after[4] == [before[4][0] - 1, before[4][1] - 10]
    assert after[17] is None
    assert after[0][1] == pytest.approx(before[0][1] + 32, abs=1)
    assert [one for i, one in enumerate(after) if i not in (0, 4, 17)] == [
        one for i, one in enumerate(before) if i not in (0, 4, 17)
    ]
    (unit,) = units(page)
    drawn = Image.open(io.BytesIO(page.request.get(f"/api/v1/images/{unit['image']}").body()))
    ours = module("poses").draw_pose(module("poses").read_pose(unit["options"]["pose"]))
    assert drawn.size == ours.size == (256, 256)
    apart = np.abs(np.asarray(drawn.convert("RGB"), float) - np.asarray(ours, float))
    assert apart.mean() < 2, "the same, but for soft edges"
    editor = pose()
    editor.button("Add a person").click()
    editor.find("input[data-takes=pose]").set_input_files(
        {"name": "x.json", "mimeType": "application/json", "buffer": b'{"people": 3}'}
    )
    expect(editor.find(".problem")).to_contain_text("no pose")
    editor.find("[aria-label=Undo]").click()
    editor.find("[aria-label=Redo]").click()
    expect(editor.find(".pose-point:visible")).to_have_count(17 + 18)


def test_a_pose_that_was_found_is_opened_in_the_editor(page: Page):
    net = panel(page)
    net.button("Add a unit").click()
    net.find("input[data-takes=control]").set_input_files(PICTURE)
    net.field("preprocessor").select_option("openpose")
    net.button("Show the map").click()
    net.button("Edit the pose").click()
    editor = View(page, "dialog[open]")
    expect(editor.find(".pose-point:visible")).to_have_count(1)
    editor.find("[aria-label='Person 1: neck']").press("ArrowRight")
    editor.button("Use this").click()
    expect(net.field("preprocessor")).to_have_value("openpose_json")
    assert points(page) == [None, [21, 30], *[None] * 16]
    assert json.loads(units(page)[0]["options"]["pose"])["canvas_height"] == 96


def test_a_unit_without_a_picture_of_its_own_has_a_mask(page: Page):
    tab = View(page, "#tab-img2img")
    tab.show("img2img")
    tab.put(scene(96, 64, 0))
    net = View(page, "#tab-img2img [data-panel=controlnet]")
    page.locator(net.within).locator("xpath=ancestor::details").evaluate("e => (e.open = true)")
    net.button("Add a unit").click()
    net.button("Where it leads").click()
    paper = box_of(page.locator("dialog[open] .paper"))
    assert paper["width"] == pytest.approx(1.5 * paper["height"], rel=0.02)
    page.mouse.move(paper["x"] + 20, paper["y"] + 20)
    page.mouse.down()
    page.mouse.move(paper["x"] + 60, paper["y"] + 60)
    page.mouse.up()
    page.locator("dialog[open]").get_by_role("button", name="Use this").click()
    expect(net.find("img.over")).to_be_visible()
    words = page.evaluate("localStorage['easel.img2img.extensions.controlnet']")
    (unit,) = json.loads(words)["units"]
    assert (unit["image"], unit["mask"][:7]) == (None, "sha256:")


def test_an_animation_says_that_a_unit_has_no_network(page: Page):
    tab = View(page, "#tab-animation")
    tab.show("animation")
    net = View(page, "#tab-animation [data-panel=controlnet]")
    page.locator(net.within).locator("xpath=ancestor::details").evaluate("e => (e.open = true)")
    net.button("Add a unit").click()
    before = len(tab.jobs())
    tab.generate()
    expect(net.find("[data-field=model] .problem")).to_contain_text("Unit 1 has no ControlNet")
    assert len(tab.jobs()) == before


def test_kinds_of_maps_of_a_union_have_names(page: Page):
    union = {"name": "union", "title": "", "family": "flux", "problem": None}
    answer = {"entries": [union], "total": 1, "whole": True}
    page.route("**/api/v1/models?kind=controlnet*", lambda route: route.fulfill(json=answer))
    page.reload()
    net = panel(page)
    net.button("Add a unit").click()
    net.field("model").focus()
    kinds = net.find("[data-field=control_type] option")
    expect(kinds).to_have_count(9)
    page.evaluate("""() => {
      const kept = JSON.parse(localStorage['easel.txt2img.extensions.controlnet']);
      kept.units[0].model = "union";
      localStorage['easel.txt2img.extensions.controlnet'] = JSON.stringify(kept);
    }""")
    page.reload()
    panel(page)
    expect(kinds).to_have_count(8)
    expect(kinds.nth(5)).to_have_text("Pose")


def held(page: Page, address: str) -> list[Route]:
    """Questions to that address, none of which is answered."""
    routes: list[Route] = []
    page.route(address, lambda route: routes.append(route))
    return routes


def first_of(page: Page, routes: list[Route]) -> Route:
    for _ in range(900):
        if routes:
            return routes[0]
        page.wait_for_timeout(100)
    raise AssertionError("nothing was asked for")


def test_a_picture_comes_to_the_unit_it_was_sent_for(page: Page):
    """Also when another unit is to be seen by then."""
    net = panel(page)
    net.button("Add a unit").click()
    sent = held(page, "**/api/v1/images")
    net.find("input[data-takes=control]").set_input_files(PICTURE)
    route = first_of(page, sent)
    net.find(".control-add").click()
    expect(net.find("[role=tab]")).to_have_count(2)
    route.continue_()
    kept(page, lambda found: [bool(one["image"]) for one in found], [True, False])
    expect(net.find("img[alt=Picture]")).to_be_hidden()
    net.find("[role=tab]").first.click()
    expect(net.find("img[alt=Picture]")).to_be_visible()


def test_all_units_have_networks_once_they_are_told(page: Page):
    """Also one that came while another, gone by now, had asked for them."""
    asked = held(page, "**/api/v1/models?kind=controlnet*")
    net = panel(page)
    net.button("Add a unit").click()
    route = first_of(page, asked)
    net.button("Remove this unit").click()
    net.button("Add a unit").click()
    route.continue_()
    expect(net.find("[data-field=model] option").last).to_have_text("edges")


def test_a_result_brings_the_pictures_of_its_units_to_another_tab(page: Page):
    tab, net = View(page, "#tab-txt2img"), panel(page)
    tab.fill(prompt="a cat", width=64, height=64, steps=1)
    net.button("Add a unit").click()
    net.field("model").select_option("edges")
    net.find("input[data-takes=control]").set_input_files(PICTURE)
    expect(net.find("img[alt=Picture]")).to_be_visible()
    before = tab.tiles.count()
    tab.generate()
    tab.wait_for_pictures(before + 1)
    (asked,) = tab.jobs()[0]["request"]["extensions"]["controlnet"]["units"]
    tab.find(".sends").get_by_role("button", name="Image to image", exact=True).click()
    there = View(page, "#tab-img2img [data-panel=controlnet]")
    page.locator(there.within).locator("xpath=ancestor::details").evaluate("e => (e.open = true)")
    expect(there.find("[role=tab]")).to_have_count(1)
    expect(there.find("img[alt=Picture]")).to_be_visible()
    View(page, "#tab-img2img").generate()
    job = tab.until(lambda: (one := tab.jobs()[0])["request"]["kind"] == "img2img" and one)
    (sent,) = job["request"]["extensions"]["controlnet"]["units"]
    assert sent == asked and sent["image"].startswith("sha256:")
