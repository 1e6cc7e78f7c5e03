"""The picture editor under the hands: keys, fingers, full screen, what is seen."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.bench import Bench, Point, encoded, noise
from tests.browser.test_look import AXE, RULES


def test_all_survives_a_hidden_tab(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(300, 200)))
    one.act("in")
    one.stroke((150, 100), (180, 120))
    kept, place = one.file("mask"), one.place()
    one.ask("document.querySelector('main').style.display = 'none'")
    one.settle()
    one.ask("document.querySelector('main').style.display = ''")
    one.settle()
    assert (one.file("mask"), one.place()) == (kept, place)
    one.stroke((200, 100))
    assert one.mask()[100, 200] == 255


def test_keys(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(400, 300)))
    view = one.page.locator(".view")
    size = one.page.locator('[data-knob="size"] output')
    one.brush(50)
    view.focus()
    one.page.keyboard.press("]")
    expect(size).to_have_text("56 px")
    one.page.keyboard.press("[")
    expect(size).to_have_text("50 px")
    pressed = one.page.locator('.tools-bar [aria-pressed="true"]')
    for tool in ("eraser", "rectangle", "lasso", "hand", "brush"):
        one.page.keyboard.press(tool[0])
        expect(pressed).to_have_attribute("data-act", tool)
    before = one.place()
    one.page.mouse.move(*one.at(200, 150))
    one.page.keyboard.down(" ")
    one.page.mouse.down()
    one.page.mouse.move(*one.at(230, 170))
    one.page.mouse.up()
    one.page.keyboard.up(" ")
    moved = one.place()
    assert moved[0] - before[0] == pytest.approx(30 * before[2], abs=1)
    assert moved[2] == pytest.approx(before[2])
    assert not one.ask("e.hasMask()")
    one.page.keyboard.press("0")
    assert one.place() == pytest.approx(before, abs=0.1)
    one.page.keyboard.press("1")
    assert one.place()[2] == pytest.approx(1)
    one.page.keyboard.press("+")
    assert one.place()[2] == pytest.approx(1.25)
    one.page.mouse.move(*one.at(200, 150))
    one.page.keyboard.down("Control")
    one.page.mouse.wheel(0, -240)
    one.page.keyboard.up("Control")
    expect(size).to_have_text(re.compile(r"^(6[1-9]|[7-9]\d|\d{3,}) px$"))
    assert one.place()[2] == pytest.approx(1.25)


def test_keys_are_not_taken_from_text(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(100, 100)))
    one.stroke((50, 50))
    one.ask("document.body.append(document.createElement('textarea'))")
    text = one.page.locator("textarea")
    text.focus()
    one.page.mouse.move(*one.at(50, 50))
    text.press_sequentially("hbi[ 1")
    one.page.keyboard.press("Control+z")
    assert one.ask("e.hasMask()")
    assert one.place()[2] > 1.5
    expect(one.page.locator('[data-act="brush"]')).to_have_attribute("aria-pressed", "true")


def touch(one: Bench, kind: str, *points: Point) -> None:
    """Fingers on the page, as the browser's own protocol sends them."""
    one.session = one.session or one.page.context.new_cdp_session(one.page)
    fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
    one.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


def test_fingers_paint_pinch_and_move(bench: Callable[..., Bench]):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    one = bench(**phone, device_scale_factor=2).open(mode="mask").load(encoded(noise(300, 300)))
    one.brush(12)
    touch(one, "touchStart", one.at(60, 60))
    for step in range(1, 11):
        touch(one, "touchMove", one.at(60 + 18 * step, 60 + 10 * step))
    touch(one, "touchEnd")
    mask = one.mask()
    assert mask[60, 60] == mask[159, 239] == 255
    left, top, scale = one.place()
    a, b = one.at(100, 150), one.at(200, 150)
    touch(one, "touchStart", a)
    touch(one, "touchStart", a, b)
    for step in range(1, 11):
        touch(
            one, "touchMove", (a[0] - 5 * step, a[1] + 4 * step), (b[0] + 5 * step, b[1] + 4 * step)
        )
    touch(one, "touchEnd")
    one.settle()
    wide = b[0] - a[0]
    assert one.place()[2] == pytest.approx(scale * (wide + 100) / wide, rel=0.02)
    x, y = one.at(150, 150)
    assert (x, y) == pytest.approx(((a[0] + b[0]) / 2, a[1] + 40), abs=2)
    assert np.array_equal(one.mask(), mask)  # the first finger's dot is taken back
    assert one.ask("document.documentElement.scrollWidth") == 390
    assert left >= 0
    assert top >= 0


def test_every_target_is_large_enough_for_a_finger(bench: Callable[..., Bench]):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    one = bench("pl", **phone).open(mode="sketch").load(encoded(noise(300, 300)))
    for button in one.page.locator(".editor button:visible, .editor .colour").all():
        box = button.bounding_box()
        assert box is not None
        assert box["width"] >= 40
        assert box["height"] >= 40
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert button.get_attribute("aria-label") or button.inner_text()


def test_full_screen_and_back(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(300, 200)))
    one.ask("delete Element.prototype.requestFullscreen")  # as on an iPhone
    one.ask("document.querySelector('main').style = 'transform: scale(1); overflow: hidden'")
    one.page.locator(".view").focus()
    one.page.keyboard.press("f")
    expect(one.page.locator(".sheet-over")).to_have_count(1)
    one.settle()
    box = one.page.locator(".editor").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 1000, "height": 900}
    one.stroke((20, 20), (280, 180))
    mask = one.mask()
    assert mask[20, 20] == mask[179, 279] == 255
    one.page.keyboard.press("Escape")
    expect(one.page.locator(".sheet-over")).to_have_count(0)
    one.settle()
    assert one.page.locator(".editor").bounding_box() != box
    assert np.array_equal(one.mask(), mask)
    one.act("full")
    one.act("full")
    expect(one.page.locator(".sheet-over")).to_have_count(0)


def test_what_is_painted_is_seen_and_hidden(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(Image.new("RGB", (200, 200), (128, 128, 128))))
    one.brush(60)
    one.stroke((100, 100))
    one.page.mouse.move(1, 1)
    one.settle()

    def seen(x: float, y: float) -> list[int]:
        left, top = one.at(x, y)
        clip = {"x": round(left), "y": round(top), "width": 1, "height": 1}
        shot = one.page.screenshot(clip=clip)  # pyright: ignore[reportArgumentType]
        return list(np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))[0, 0])

    assert seen(100, 100)[0] > 170
    assert seen(20, 20) == [128, 128, 128]
    one.act("hide")
    one.settle()
    assert seen(100, 100) == [128, 128, 128]
    one.stroke((20, 20))  # who paints wants to see it
    one.page.mouse.move(1, 1)
    one.settle()
    assert seen(20, 20)[0] > 170
    one.act("wipe")
    one.settle()
    assert seen(100, 100) == [128, 128, 128]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mode", ["mask", "sketch", "view"])
def test_axe_finds_nothing(bench: Callable[..., Bench], scheme: str, mode: str):
    one = bench(color_scheme=scheme, reduced_motion="reduce").open(mode=mode)
    one.page.evaluate(AXE)
    rules = {"region", "page-has-heading-one", "document-title", "landmark-one-main"}  # a bare page
    for load in (False, True):
        if load:
            one.load(encoded(noise(90, 60)))
        found = one.page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
        assert [each["id"] for each in found["violations"] if each["id"] not in rules] == []
