"""What panels have beyond a form: menus, pictures, rectangles, lists; no model is needed."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, View, Visitor, box_of, free_port
from tests.browser.pictures import encode, scene
from tests.browser.test_look import PHONE, WIDE, small, violations
from webui.library.pictures import encode as saved

PICTURE: Any = {"name": "a.png", "mimeType": "image/png", "buffer": encode(scene(96, 64, 0))}
OTHER: Any = {"name": "b.png", "mimeType": "image/png", "buffer": encode(scene(64, 96, 3))}


@pytest.fixture(scope="module")
def equipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("equipped")
    folder = data / "models" / "detectors"
    folder.mkdir(parents=True)
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    header = json.dumps({"model.head.weight": tensor}).encode()
    file = len(header).to_bytes(8, "little") + header + bytes(4)
    (folder / "hands.safetensors").write_bytes(file)
    server = Server(data, free_port(), module="tests.serve_fake")
    server.start()
    server.wait_for_worker()
    yield server
    server.kill()


@pytest.fixture
def page(equipped: Server, chromium: Browser) -> Iterator[Page]:
    size: Any = {"width": 1200, "height": 1400}
    context = chromium.new_context(locale="en-US", base_url=equipped.address, viewport=size)
    visitor = Visitor(context, equipped.address)
    yield visitor.open().page
    assert visitor.complaints == []
    context.close()


def part(page: Page, extension: str, field: str) -> View:
    """A field of an extension's panel, which is unfolded."""
    view = View(page, f"#tab-txt2img [data-field='extensions.{extension}.{field}']")
    fold = page.locator(view.within).locator("xpath=ancestor::details").first
    fold.evaluate("e => { for (; e; e = e.parentElement.closest('details')) e.open = true; }")
    return view


def asked(page: Page) -> dict[str, Any]:
    """What a job that is asked for now says of extensions."""
    tab = View(page, "#tab-txt2img")
    before = len(tab.jobs())
    with page.expect_response("**/api/v1/jobs"):
        tab.generate()
    jobs = tab.jobs()
    assert len(jobs) == before + 1
    return jobs[0]["request"]["extensions"]


def test_passes_of_detail_are_added_and_their_detectors_chosen(page: Page):
    View(page, "#tab-txt2img").fill(prompt="a cat", width=64, height=64, steps=1)
    detector = part(page, "detail", "detector")
    expect(detector.find("option")).to_have_text(["Faces, by the colour of skin", "hands"])
    more = part(page, "detail", "more")
    more.button("Add: Pass").click()
    row = View(page, f"{more.within} .row-of >> nth=0")
    expect(row.find(".row-name")).to_have_text("Pass 2")
    row.field("detector").select_option("hands")
    row.fill(strength=0.7)
    more.button("Duplicate: Pass 2").click()
    expect(more.find(".row-of")).to_have_count(2)
    View(page, f"{more.within} .row-of >> nth=1").fill(strength=7)
    tab = View(page, "#tab-txt2img")
    tab.generate()
    expect(more.find(".row-of >> nth=1 >> [data-field=strength] .problem")).to_contain_text(
        "detail"
    )
    page.reload()
    more = part(page, "detail", "more")
    expect(more.find(".row-of")).to_have_count(2)
    more.button("Remove: Pass 3").click()
    expect(more.button("Remove: Pass 2")).to_be_focused()
    (sent,) = asked(page)["detail"]["more"]
    assert (sent["detector"], sent["strength"]) == ("hands", 0.7)


def drag(page: Page, paper: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """In shares of the sheet."""
    page.locator(paper).scroll_into_view_if_needed()
    box = box_of(page.locator(paper))
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=3)
    page.mouse.up()


def test_areas_are_drawn_moved_and_written_about(page: Page):
    tab = View(page, "#tab-txt2img")
    tab.fill(prompt="a room", width=128, height=64, steps=1)
    part(page, "regional", "split").find("select").select_option("areas")
    areas = part(page, "regional", "areas")
    paper = f"{areas.within} .sheet-paper"
    shape = box_of(page.locator(paper))
    assert shape["width"] == pytest.approx(2 * shape["height"], rel=0.02)
    drag(page, paper, (0.1, 0.2), (0.4, 0.8))
    drag(page, paper, (0.6, 0.1), (0.9, 0.5))
    expect(areas.find(".row-of")).to_have_count(2)
    numbers = areas.find(".row-of >> nth=0 >> .box-numbers input")

    def sides(*wanted: int) -> None:
        for i, number in enumerate(wanted):
            expect(numbers.nth(i)).to_have_value(str(number))

    sides(10, 20, 40, 80)
    drag(page, paper, (0.2, 0.5), (0.3, 0.4))
    sides(20, 10, 50, 70)
    drag(page, paper, (0.5, 0.7), (0.55, 1.3))
    sides(20, 10, 55, 100)
    second = areas.find(".sheet-box >> nth=1")
    second.press("ArrowRight")
    second.press("Shift+ArrowDown")
    expect(second).to_have_attribute("aria-label", "Area 2: 61–91 % across, 10–51 % down")
    numbers.nth(1).fill("30")
    box = areas.find(".sheet-box >> nth=0")
    expect(box).to_have_attribute("style", re.compile("^(?!.*30%.*30%).*30%"))  # once
    for place, words in enumerate(("a cat", "a dog")):
        View(page, f"{areas.within} .row-of >> nth={place}").fill(prompt=words)
    part(page, "regional", "enabled").find("input").check()
    sent = asked(page)["regional"]
    told = [(one["prompt"], one["box"]) for one in sent["areas"]]
    assert told == [("a cat", [0.2, 0.3, 0.55, 1]), ("a dog", [0.61, 0.1, 0.91, 0.51])]
    assert tab.jobs()[0]["request"]["prompts"] == ["a room AND a cat AND a dog"]
    second.press("Delete")
    expect(areas.find(".row-of")).to_have_count(1)
    areas.button("Paint").click()
    drag(page, "dialog[open] .paper", (0.2, 0.2), (0.6, 0.6))
    page.locator("dialog[open]").get_by_role("button", name="Use this").click()
    expect(areas.find("img[alt^=Mask]")).to_be_visible()
    (sent,) = asked(page)["regional"]["areas"]
    assert sent["mask"].startswith("sha256:")


def test_pictures_are_given_in_the_panel(page: Page):
    tab = View(page, "#tab-txt2img")
    tab.fill(prompt="a cat", width=64, height=64, steps=1)
    pictures = part(page, "ip_adapter", "images")
    pictures.find("input[data-takes$='.images']").set_input_files([PICTURE, OTHER])
    expect(pictures.find(".row-of img[alt=Picture]")).to_have_count(2)
    View(page, f"{pictures.within} .row-of >> nth=1").fill(weight=0.5)
    first = View(page, f"{pictures.within} .row-of >> nth=0")
    first.find("button:has-text('Take out')").first.click()
    expect(first.button("Drop, paste or choose a picture")).to_be_focused()
    part(page, "ip_adapter", "enabled").find("input").check()
    tab.generate()
    expect(part(page, "ip_adapter", "model").find(".problem")).to_contain_text("has no IP-Adapter")
    part(page, "ip_adapter", "enabled").find("input").uncheck()
    seen = part(page, "reference", "images")
    seen.find("input[type=file]").set_input_files([PICTURE, OTHER])
    expect(seen.find("li")).to_have_count(2)
    seen.find("li button").first.click()
    part(page, "reference", "enabled").find("input").check()
    sent = asked(page)
    assert len(sent["reference"]["images"]) == 1
    rows = sent["ip_adapter"]["images"]
    assert [(one["image"] is None, one["weight"]) for one in rows] == [(True, 1), (False, 0.5)]


def send(page: Page, told: str) -> None:
    """Take a picture's settings over into Text to image."""
    words = f"a cat\nSteps: 4, Sampler: Euler a, Seed: 1, {told}Size: 64x64"
    data = saved(Image.new("RGB", (64, 64)), "png", 90, words)
    page.locator("#tab-image_info-button").click()
    info = page.locator("#tab-image_info")
    info.locator("input[type=file]").set_input_files(
        {"name": "told.png", "mimeType": "image/png", "buffer": data}
    )
    expect(info.locator(".parameters")).to_contain_text(told[:6] or "a cat")
    info.get_by_role("button", name="Text to image").click()
    expect(page.locator(".notice")).to_be_visible()


def test_a_pictures_parameters_fill_panels_and_others_are_switched_off(page: Page):
    part(page, "freeu", "enabled").find("input").check()
    part(page, "detail", "count").find(".number").fill("3")
    send(page, "Detail model: skin, Detail strength: x, Detail model 2: hands, ")
    expect(part(page, "detail", "enabled").find("input")).to_be_checked()
    expect(part(page, "detail", "count").find(".number")).to_have_value("0")
    expect(part(page, "detail", "more").find(".row-of select").first).to_have_value("hands")
    expect(part(page, "freeu", "enabled").find("input")).not_to_be_checked()
    send(page, "CFG Rescale: 0.7, ")
    expect(part(page, "cfg_rescale", "share").find(".number")).to_have_value("0.7")
    expect(part(page, "detail", "enabled").find("input")).not_to_be_checked()
    page.locator(".notice button.link").click()
    expect(part(page, "detail", "enabled").find("input")).to_be_checked()


def test_phones_keyboards_and_screen_readers_find_all_of_it(equipped: Server, chromium: Browser):
    context = chromium.new_context(locale="pl-PL", base_url=equipped.address, **PHONE)
    page = Visitor(context, equipped.address).open().page
    part(page, "regional", "split").find("select").select_option("areas")
    for extension, field in (("regional", "areas"), ("detail", "more"), ("ip_adapter", "more")):
        part(page, extension, field).find(".add-row").last.press("Enter")
        expect(part(page, extension, field).find(".row-of")).to_have_count(1)
    focused = "() => document.activeElement.closest('.row-of > .inside') !== null"
    page.wait_for_function(focused)  # what was added is ready to be filled in
    pictures = part(page, "reference", "images")
    pictures.find("input[type=file]").set_input_files([PICTURE])
    expect(pictures.find("li")).to_have_count(1)
    for fold in page.locator("#tab-txt2img details.fold").all():
        fold.evaluate("one => (one.open = true)")
    view = View(page, "#tab-txt2img")
    page.wait_for_function(f"{WIDE} === 390")
    assert small(view) == []
    assert violations(view) == []
    context.close()
