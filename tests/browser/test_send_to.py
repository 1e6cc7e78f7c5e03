"""Send to: from every result and every file to every tab that takes a picture."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import View
from tests.browser.pictures import encode, scene


@pytest.fixture
def made(view: View) -> View:
    """Text to image, with one picture."""
    view.fill(prompt="a red heart", steps=3, width=72, height=64, seed=77)
    view.field("sampler").select_option("Euler")
    view.generate()
    view.wait_for_pictures(1)
    view.wait_until_idle()
    return View(view.page, "#tab-txt2img")


def send(tab: View, to: str) -> None:
    tab.find(".sends").get_by_role("button", name=to, exact=True).click()


def place(tab: View) -> Any:
    return tab.find(".editor .place")


def stored(tab: View, ref: str) -> bytes:
    return tab.page.request.get(f"/api/v1/images/{ref}").body()


def uploads_of(view: View) -> list[str]:
    """Grows with every picture that is sent to the server."""
    urls: list[str] = []
    view.page.on("request", lambda one: urls.append(one.url) if one.method == "POST" else None)
    return urls


def test_a_round_trip_keeps_picture_and_parameters(made: View):
    first = made.picture(made.jobs()[0]["pictures"][0]["id"])
    posted = uploads_of(made)
    send(made, "Image to image")
    img2img = View(made.page, "#tab-img2img")
    expect(place(img2img)).to_have_text("72 × 64")
    expect(made.page.locator(".notice")).to_contain_text("parameters are here")
    names = ("prompt", "seed", "steps", "sampler", "width", "height")
    values = ("a red heart", 77, 3, "Euler", 72, 64)
    img2img.shows(**dict(zip(names, values, strict=True)))
    img2img.generate()
    img2img.wait_for_pictures(1)
    img2img.wait_until_idle()
    job = img2img.jobs()[0]
    assert stored(made, job["request"]["image"]) == first
    assert (job["request"]["width"], job["request"]["height"]) == (72, 64)
    assert not any(url.endswith("/images") for url in posted)  # the server has it already
    send(img2img, "Text to image")
    expect(made.field("prompt")).to_have_value("a red heart")
    expect(made.page.locator("#tab-txt2img-button")).to_have_attribute("aria-selected", "true")


def test_it_can_be_taken_back(made: View):
    tab = made.tab("img2img")
    tab.put(scene(40, 24), "mine.png")
    tab.fill(prompt="my own words")
    made.show("txt2img")
    send(made, "Image to image")
    expect(tab.field("prompt")).to_have_value("a red heart")
    tab.page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(tab.field("prompt")).to_have_value("my own words")
    expect(place(tab)).to_have_text("40 × 24")


def test_inpaint_takes_the_words_but_draws_other_candidates_each_time(made: View):
    send(made, "Inpaint")
    tab = View(made.page, "#tab-inpaint")
    expect(place(tab)).to_have_text("72 × 64")
    expect(tab.field("prompt")).to_have_value("a red heart")
    expect(tab.field("seed")).to_have_value("")
    made.show("txt2img")
    send(made, "Outpaint")
    expect(tab.find('[data-field="_intent"] input[value="expand"]')).to_be_checked()
    expect(tab.find(".sides-part")).to_be_visible()


def test_the_picture_in_full_can_be_sent_as_well(made: View):
    made.find(".open").click()
    viewer = made.page.get_by_role("dialog", name="Full screen")
    viewer.get_by_role("button", name="Image to image", exact=True).click()
    expect(viewer).to_be_hidden()
    tab = View(made.page, "#tab-img2img")
    expect(place(tab)).to_have_text("72 × 64")
    expect(tab.field("prompt")).to_have_value("a red heart")


def test_a_picture_that_is_gone_is_told(made: View):
    gone = made.jobs()[0]["pictures"][0]["id"]
    made.page.route(f"**/pictures/{gone}", lambda route: route.fulfill(status=404, body="{}"))
    send(made, "Image to image")
    expect(made.page.locator(".notice")).to_contain_text("file of this picture is gone")
    expect(place(View(made.page, "#tab-img2img"))).to_be_hidden()


def test_taking_back_what_was_sent_to_inpaint_brings_the_mask_and_the_edits(made: View):
    tab = made.tab("inpaint")
    tab.put(scene(64, 64), "mine.png")
    tab.find(".editor .view").click()
    tab.fill(prompt="a fox", steps=1)
    tab.generate()
    tab.wait_for_pictures(1)
    tab.wait_until_idle()
    mask = tab.jobs()[0]["request"]["mask"]
    tab.button("Accept").click()
    expect(tab.find(".edits")).to_contain_text("Edit 1 of 1")
    tab.button("Back to the picture before this edit").click()
    expect(tab.find(".edits")).to_contain_text("Edit 0 of 1")
    made.show("txt2img")
    send(made, "Inpaint")
    expect(place(tab)).to_have_text("72 × 64")
    expect(tab.find(".edits")).to_be_hidden()
    expect(tab.page.locator(".notice")).to_contain_text("parameters are here")
    tab.page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(tab.find(".edits")).to_contain_text("Edit 0 of 1")
    tab.generate()
    tab.wait_for_pictures(2)
    assert tab.jobs()[0]["request"]["mask"] == mask


def test_upscale_and_reference_take_the_picture(made: View):
    posted = uploads_of(made)
    send(made, "Upscale")
    tab = View(made.page, "#tab-upscale")
    expect(tab.find(".held li")).to_contain_text("72 × 64")
    expect(tab.find(".held img")).to_have_js_property("naturalWidth", 72)
    tab.generate()
    tab.wait_for_pictures(1)
    picture = made.jobs()[0]["pictures"][0]
    assert (picture["width"], picture["height"]) == (144, 128)
    assert not any(url.endswith("/images") for url in posted)
    made.show("txt2img")
    send(made, "Reference")
    expect(made.find(".references .held li")).to_have_count(1)
    expect(made.field("prompt")).to_have_value("a red heart {image}")


def test_a_file_goes_from_image_info_to_every_tab(view: View):
    info = view.tab("image_info")
    data: Any = {"name": "mine.png", "mimeType": "image/png", "buffer": encode(scene(48, 40))}
    info.find("input[type=file]").set_input_files(data)
    send(info, "Image to image")
    tab = View(view.page, "#tab-img2img")
    expect(place(tab)).to_have_text("48 × 40")
    tab.fill(steps=1)
    tab.generate()
    tab.wait_for_pictures(1)
    assert stored(tab, tab.jobs()[0]["request"]["image"]) == data["buffer"]
    view.show("image_info")
    send(info, "Inpaint")
    expect(place(View(view.page, "#tab-inpaint"))).to_have_text("48 × 40")


def test_a_result_of_one_tab_is_seen_in_that_tab(made: View):
    tab = made.tab("img2img")
    expect(tab.tiles).to_have_count(0)
    tab.put(scene(64, 64), "mine.png")
    tab.fill(steps=1, prompt="a fox")
    tab.generate()
    tab.wait_for_pictures(1)
    made.show("txt2img")
    expect(made.tiles).to_have_count(1)
    expect(made.tiles.first).to_have_attribute("aria-label", re.compile("a red heart"))
