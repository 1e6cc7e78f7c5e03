"""Hires fix and refiner: parts of Text to image that are switched on."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import View


@pytest.fixture
def tab(view: View) -> View:
    view.fill(prompt="a red apple", steps=2, width=64, height=64, seed=3)
    return View(view.page, "#tab-txt2img")


def test_a_second_pass_makes_the_size_that_was_told(tab: View):
    expect(tab.field("hires.upscaler")).to_be_hidden()
    tab.field("_hires").check()
    tab.field("hires.upscaler").select_option("Lanczos")
    tab.fill(**{"hires.strength": 0.5, "hires.scale": 1.5})
    expect(tab.find(".part .result").first).to_have_text("64 × 64 becomes 96 × 96")
    tab.generate()
    tab.wait_for_pictures(1)
    (job,) = tab.jobs()
    assert (job["pictures"][0]["width"], job["pictures"][0]["height"]) == (96, 96)
    assert job["request"]["hires"]["upscaler"] == "Lanczos"
    tab.page.reload()
    expect(tab.field("hires.scale")).to_have_value("1.5")
    tab.field("_hires").uncheck()
    tab.wait_for_pictures(1)
    tab.generate()
    tab.wait_for_pictures(2)
    assert tab.jobs()[0]["request"]["hires"] is None


def test_a_finished_picture_gets_its_second_pass(tab: View):
    tab.generate()
    tab.wait_for_pictures(1)
    tab.wait_until_idle()
    (first,) = tab.jobs()
    tab.fill(prompt="something else", seed=9)
    tab.field("_hires").check()
    tab.fill(**{"hires.scale": 2, "hires.steps": 1})
    tab.field("_hires").uncheck()
    tab.button("Hires fix").click()
    tab.wait_for_pictures(2)
    second, _ = tab.jobs()
    request = second["request"]
    assert request["hires"]["image"].startswith("sha256:")
    assert (request["prompt"], request["seed"]) == ("a red apple", 3)
    assert (second["pictures"][0]["width"], second["pictures"][0]["height"]) == (128, 128)
    tab.wait_until_idle()
    expect(tab.button("Hires fix")).to_have_count(0)  # it had one
    assert first["pictures"][0]["id"] != second["pictures"][0]["id"]


def test_another_model_takes_over(tab: View):
    tab.field("_refiner").check()
    tab.fill(**{"refiner.switch_at": 0.5})
    tab.generate()
    tab.wait_for_pictures(1)
    assert tab.jobs()[0]["request"]["refiner"] == {"model": "easel-demo", "switch_at": 0.5}


def test_a_mistake_in_a_part_is_told_at_its_field(tab: View):
    tab.field("_hires").check()
    tab.fill(**{"hires.strength": 7})
    tab.generate()
    expect(tab.field("hires.strength")).to_have_attribute("aria-invalid", "true")
    expect(tab.field("hires.strength")).to_be_focused()
