"""Reference images: pictures that the prompt names."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import View
from tests.browser.pictures import encode, scene


def file(name: str, seed: int = 0) -> Any:
    return {"name": name, "mimeType": "image/png", "buffer": encode(scene(64, 48, seed))}


@pytest.fixture
def tab(view: View) -> View:
    view.fill(prompt="a red apple", steps=3, width=64, height=64)
    return View(view.page, "#tab-txt2img")


def give(tab: View, *files: Any) -> None:
    count = tab.find(".held li").count()
    tab.find(".references input[type=file]").set_input_files(list(files))
    expect(tab.find(".held li")).to_have_count(count + len(files))


def test_one_is_what_the_drawing_begins_with_and_that_is_said(tab: View):
    expect(tab.field("reference_strength")).to_be_hidden()
    give(tab, file("sky.png"))
    expect(tab.field("prompt")).to_have_value("a red apple {image}")
    tab.fill(reference_strength=0.4)
    tab.generate()
    expect(tab.page.locator(".notice")).to_contain_text("40% of it may change")
    tab.wait_for_pictures(1)
    request = tab.jobs()[0]["request"]
    assert (request["kind"], request["prompt"], request["strength"]) == (
        "img2img",
        "a red apple",
        0.4,
    )
    tab.page.reload()
    tab.wait_for_pictures(1)  # still seen where it was asked for
    expect(tab.find(".held li")).to_have_count(1)
    expect(tab.field("reference_strength")).to_have_value("0.4")


def test_names_follow_into_the_prompt_and_leave_it(tab: View):
    give(tab, file("sky.png"), file("sea.png", 1))
    expect(tab.field("prompt")).to_have_value("a red apple {image} {image:2}")
    name = tab.find(".held li .name").nth(1)
    name.fill("my cat!")
    name.press("Tab")
    expect(name).to_have_value("my-cat")
    expect(tab.field("prompt")).to_have_value("a red apple {image} {image:my-cat}")
    name.fill("1")
    name.press("Tab")
    expect(name).to_have_value("my-cat")  # taken by the first
    expect(tab.field("reference_strength")).to_be_hidden()
    tab.find(".held li button.tool").first.click()
    expect(tab.field("prompt")).to_have_value("a red apple {image:my-cat}")
    expect(tab.field("reference_strength")).to_be_visible()


def test_none_is_dropped_in_silence(tab: View):
    give(tab, file("sky.png"))
    tab.fill(prompt="a red apple")
    tab.generate()
    expect(tab.find(".alert")).not_to_be_empty()
    expect(tab.find("[data-field=references] > .problem")).to_be_visible()
    tab.find(".held .chip").click()
    expect(tab.field("prompt")).to_have_value("a red apple {image}")
    tab.generate()
    tab.wait_for_pictures(1)
