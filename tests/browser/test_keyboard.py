"""Without a mouse."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import LONG, View


def test_a_picture_without_a_mouse(view: View):
    keys = view.page.keyboard
    view.page.locator("#tab-settings-button").focus()
    keys.press("Tab")
    expect(view.field("prompt")).to_be_focused()
    keys.press("Control+A")
    keys.type("a sunflower")
    keys.press("Control+Enter")
    view.wait_for_pictures(1)
    assert view.jobs()[0]["request"]["prompt"] == "a sunflower"
    expect(view.field("prompt")).to_have_value("a sunflower")


def test_focus_stays_while_a_job_comes_and_goes(view: View):
    view.fill(steps=40, width=64, height=64)
    generate = view.page.locator(".generate")
    generate.focus()
    generate.press("Enter")
    expect(view.page.get_by_role("button", name="Interrupt")).to_be_visible()
    expect(generate).to_be_focused()
    view.wait_for_pictures(1)
    view.wait_until_idle()
    expect(generate).to_be_focused()
    view.tiles.first.focus()
    view.page.keyboard.press("Control+Enter")
    view.wait_for_pictures(2)
    view.wait_until_idle()
    expect(view.tiles.nth(1)).to_be_focused()
    view.page.locator(".chip").first.click()
    view.page.get_by_role("button", name="Undo").click()
    expect(view.page.locator(".chip").first).to_be_focused()


def test_the_strip_is_one_stop_and_arrows_walk_it(view: View):
    view.fill(batch_count=3, steps=1, width=64, height=64, seed=10)
    view.generate()
    view.wait_for_pictures(3)
    view.wait_until_idle()
    keys = view.page.keyboard
    stops = view.page.locator('.tile[tabindex="0"]')
    expect(stops).to_have_count(1)
    view.tiles.nth(0).click()
    keys.press("ArrowRight")
    expect(view.tiles.nth(1)).to_be_focused()
    expect(view.page.locator(".parameters")).to_contain_text("11")
    keys.press("Home")
    expect(view.tiles.nth(0)).to_be_focused()
    expect(stops).to_have_count(1)
    keys.press("Enter")
    viewer = view.page.get_by_role("dialog", name="Full screen")
    expect(viewer).to_be_visible()
    expect(viewer.locator(".place")).to_have_text("1 of 3")
    keys.press("ArrowRight")
    expect(viewer.locator(".place")).to_have_text("2 of 3")
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    keys.press("ArrowLeft")
    expect(viewer.locator(".place")).to_have_text("2 of 3")
    keys.press("+")
    expect(viewer.locator(".frame img")).to_have_attribute("style", re.compile(r"scale\(1\.4\)"))
    keys.press("Escape")
    expect(viewer).to_be_hidden()
    expect(view.tiles.nth(1)).to_have_attribute("aria-current", "true")


def test_escape_interrupts_and_typing_is_not_disturbed(view: View):
    view.fill(**LONG)
    view.generate()
    view.wait_for_pictures(1)
    view.field("prompt").focus()
    view.page.keyboard.press("Escape")
    view.wait_until_idle()
    assert view.jobs()[0]["state"] == "cancelled"
    view.field("prompt").press("Enter")
    expect(view.field("prompt")).to_have_value(re.compile(r"\n$"))
    assert len(view.jobs()) == 1


def test_tabs_by_keys(view: View):
    view.page.locator("#tab-txt2img-button").focus()
    view.page.locator("#tab-settings-button").press("Enter")
    expect(view.page.get_by_role("heading", name="Settings")).to_be_visible()
