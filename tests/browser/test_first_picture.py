"""From the empty page to pictures, and what happens on the way."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import LONG, Server, View, Visitor
from tests.browser.pictures import decode, difference, shows_something
from webui.library.pictures import read_infotext

SMALL = {"width": 64, "height": 64}


def make(view: View, prompt: str, **values: object) -> bytes:
    before = view.tiles.count()
    view.fill(prompt=prompt, **values)
    view.generate()
    view.wait_for_pictures(before + 1)
    view.wait_until_idle()
    return view.picture(view.jobs()[0]["pictures"][0]["id"])


def test_one_click_makes_a_picture(view: View):
    expect(view.field("prompt")).to_have_value("a red apple")
    view.shows(width=128, height=128)
    data = make(view, "a red apple", seed=7)
    pixels = decode(data)
    assert pixels.shape == (128, 128, 3)
    assert shows_something(pixels)
    red, _, blue = pixels[40:100, 40:90].mean(axis=(0, 1))
    assert red > blue + 40
    shown = view.page.locator(".open img:not(.over)")
    expect(shown).to_have_js_property("naturalWidth", 128)
    expect(view.page.locator(".parameters")).to_contain_text("a red apple")
    expect(view.page.locator(".parameters")).to_contain_text("Seed\n7", use_inner_text=True)
    assert "Seed: 7," in (read_infotext(data).infotext or "")


def test_other_words_make_another_picture_and_the_same_words_the_same(view: View):
    apple = decode(make(view, "a red apple", seed=7))
    tree = decode(make(view, "a green tree"))
    again = decode(make(view, "a red apple"))
    assert shows_something(tree)
    assert difference(apple, tree) > 20
    assert difference(apple, again) == 0


def test_the_picture_is_seen_growing(view: View):
    view.fill(**LONG)
    view.generate()
    words = view.page.locator(".stage .progress .words")
    expect(words).to_contain_text(re.compile(r"Picture \d+ of 100"))
    expect(words).to_contain_text(re.compile(r"step \d+ of 40 · .+ left"))
    early = view.page.locator(".growing img")
    expect(early).to_have_attribute("src", re.compile("^data:image/webp;base64,"))
    first = early.get_attribute("src")
    expect(early).not_to_have_attribute("src", first or "")
    share = re.compile(r"^0\.\d*[1-9]")
    expect(view.page.get_by_role("progressbar")).to_have_attribute("value", share)
    expect(view.page.locator(".worker")).to_contain_text("Working on")
    expect(view.page).to_have_title(re.compile(r"^\d+ ?% · Easel$"))
    view.interrupt()
    expect(view.page.locator(".worker")).to_contain_text("Ready on")
    expect(view.page).to_have_title("Easel")


def test_a_batch_counts_its_pictures(view: View):
    view.fill(batch_count=2, batch_size=2, steps=30, seed=100, **SMALL)
    view.generate()
    view.page.wait_for_function(  # looks at every frame: it passes
        "document.querySelector('.stage .progress').textContent.includes('Pictures 1–2 of 4')"
    )
    view.wait_for_pictures(4)
    assert [picture["seed"] for picture in view.jobs()[0]["pictures"]] == [100, 101, 102, 103]


def test_a_refresh_and_a_second_tab_find_the_job_again(visitors: Callable[..., Visitor]):
    visitor = visitors()
    view = visitor.open()
    view.fill(prompt="a blue car", negative_prompt="people", **LONG)
    view.generate()
    expect(view.page.locator(".growing img")).to_be_visible()
    view.page.reload()
    for page in (view.page, visitor.open().page):
        expect(page.locator(".stage .progress .words")).to_contain_text(
            re.compile(r"step \d+ of 40")
        )
        expect(page.locator(".growing img")).to_have_attribute("src", re.compile("^data:"))
        expect(View(page).field("prompt")).to_have_value("a blue car")
        expect(View(page).field("negative_prompt")).to_have_value("people")
        expect(View(page).field("steps")).to_have_value("40")
    view.wait_for_pictures(1)
    view.interrupt()
    view.page.reload()
    view.wait_for_pictures(1)


def test_each_browser_sees_its_own_and_waits_its_turn(visitors: Callable[..., Visitor]):
    first, second = visitors().open(), visitors().open()
    first.fill(prompt="a robot", **LONG)
    first.generate()
    expect(first.page.locator(".growing img")).to_be_visible()
    second.fill(steps=2, prompt="a lion", **SMALL)
    second.generate()
    expect(second.page.locator(".waiting li")).to_contain_text("1 job before it")
    expect(second.page.locator(".stage .progress")).to_be_hidden()
    first.interrupt()
    second.wait_for_pictures(1)
    expect(second.tiles).to_have_count(1)
    expect(first.tiles).to_have_count(len(first.jobs()[0]["pictures"]))
    assert first.jobs()[0]["id"] != second.jobs()[0]["id"]


def test_interrupt_keeps_what_is_done(view: View):
    view.fill(**LONG)
    view.generate()
    view.wait_for_pictures(2)
    view.interrupt()
    (job,) = view.jobs()
    assert job["state"] == "cancelled"
    assert 2 <= len(job["pictures"]) < 100
    expect(view.tiles).to_have_count(len(job["pictures"]))
    assert shows_something(decode(view.picture(job["pictures"][0]["id"])))


def test_skip_leaves_one_batch_out(view: View):
    view.fill(batch_count=2, steps=100, seed=50, **SMALL)
    view.generate()
    expect(view.page.locator(".growing img")).to_be_visible()
    view.page.keyboard.press("Alt+Enter")
    view.wait_until_idle()
    (job,) = view.jobs()
    assert job["state"] == "finished"
    assert [picture["seed"] for picture in job["pictures"]] == [51]


def test_a_job_that_waits_can_be_taken_back(view: View):
    view.fill(**LONG)
    view.generate()
    expect(view.page.locator(".growing img")).to_be_visible()
    view.fill(prompt="a castle")
    view.generate()
    view.page.get_by_role("button", name="Take “a castle” out of the queue").click()
    expect(view.page.locator(".waiting li")).to_have_count(0)
    assert [job["state"] for job in view.jobs()] == ["cancelled", "running"]
    view.page.keyboard.press("Escape")
    view.wait_until_idle()


def test_a_long_queue_stays_short_on_the_page(view: View):
    view.fill(**LONG)
    for _ in range(8):
        view.generate()
    expect(view.page.locator(".waiting li")).to_have_count(5)
    expect(view.page.locator(".waiting .others")).to_have_text("and 3 more")
    for job in view.jobs():
        assert view.page.request.post(
            f"/api/v1/jobs/{job['id']}/cancel", headers={"origin": view.page.url.rstrip("/")}
        ).ok
    view.wait_until_idle()


def test_wildcards_reach_the_extension(view: View):
    view.fill(prompt="a {red|red} apple", steps=2, **SMALL)
    view.generate()
    view.wait_for_pictures(1)
    expect(view.page.locator(".parameters")).to_contain_text("a red apple")
    view.page.locator("summary", has_text="Wildcards").click()
    view.field("extensions.wildcards.enabled").uncheck()
    view.generate()
    view.wait_for_pictures(2)
    request = view.jobs()[0]["request"]
    assert request["extensions"]["wildcards"]["enabled"] is False
    assert request["prompt"] == "a {red|red} apple"


def test_pictures_are_saved_where_the_settings_say(view: View, server: Server):
    view.fill(steps=2, **SMALL)
    view.generate()
    view.wait_for_pictures(1)
    file = view.jobs()[0]["pictures"][0]["file"]
    expect(view.page.locator(".file")).to_have_text(file)
    assert (server.data / "outputs" / file).is_file()
