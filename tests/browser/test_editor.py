"""The picture editor in a bare page: strokes where the pointer was, and every step back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.bench import Bench, capsule, encoded, noise, same_but_for_edges


def test_a_stroke_is_where_the_pointer_was(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(300, 200)))
    one.brush(20)
    one.stroke((60, 50), (220, 120))
    wanted = capsule(300, 200, (60, 50), (220, 120), 10)
    mask = one.mask()
    assert mask.shape == (200, 300)
    same_but_for_edges(mask, wanted, (60, 50), (220, 120), 10, 0.5)
    assert one.ask("e.hasMask()")
    assert one.changes() == 2


@pytest.mark.parametrize("ratio", [1, 2])
def test_a_stroke_is_where_the_pointer_was_zoomed_and_moved(
    bench: Callable[..., Bench], ratio: int
):
    one = bench(device_scale_factor=ratio).open(mode="mask").load(encoded(noise(300, 200)))
    one.ask("document.body.style.padding = '400px 0 2000px 7.5px', scrollTo(0, 333)")
    one.brush(7)
    one.page.mouse.move(*one.at(40, 30))
    grown = "width => document.querySelector('.paper').offsetWidth > width"
    while (now := one.place()[2]) < 12:
        one.page.mouse.wheel(0, -240)
        one.page.wait_for_function(grown, arg=300 * now + 1)
    one.page.mouse.move(*one.at(50, 40))
    one.page.mouse.down(button="middle")
    one.page.mouse.move(*[value + 33 for value in one.at(50, 40)])
    one.page.mouse.up(button="middle")
    one.settle()
    assert one.place()[2] > 10
    one.stroke((44.5, 33.25), (52.75, 41.5))
    mask = one.mask()
    same_but_for_edges(mask, mask, (44.5, 33.25), (52.75, 41.5), 3.5, 0.1)
    wanted = capsule(300, 200, (44.5, 33.25), (52.75, 41.5), 3.5)
    assert np.count_nonzero((mask == 255) != wanted) <= 2


def test_one_pixel_at_a_time(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(9, 7)))
    one.brush(1)
    one.stroke((3.9, 2.1))
    wanted = np.zeros((7, 9), np.uint8)
    wanted[2, 3] = 255
    assert np.array_equal(one.mask(), wanted)
    one.stroke((0.2, 6.8), (8.9, 6.1))
    wanted[6, :] = 255
    assert np.array_equal(one.mask(), wanted)
    assert one.ask("e.bounds()") == {"x": 0, "y": 2, "width": 9, "height": 5}


def test_a_picture_of_one_pixel(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(1, 1)))
    one.stroke((0.5, 0.5))
    assert one.mask().tolist() == [[255]]
    one.act("out")
    one.act("fit")
    one.act("invert")
    assert one.file("mask") is None


def test_undo_and_redo_to_the_bit(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(700, 300)))
    one.brush(31)
    one.page.locator('[data-knob="softness"] input').fill("0.6")
    states: list[bytes | None] = [None]
    acts: list[Callable[[], object]] = [
        lambda: one.stroke((20, 20), (650, 250)),
        lambda: one.stroke((20, 250), (650, 20)),
        lambda: (one.act("eraser"), one.stroke((300, 20), (350, 280)), one.act("brush")),
        lambda: one.act("invert"),
        lambda: (one.act("rectangle"), one.stroke((10, 10), (600, 40)), one.act("brush")),
        lambda: one.give("loadMask", encoded(noise(700, 300).convert("L"))),
        lambda: one.act("wipe"),
        lambda: one.stroke((600, 100)),
    ]
    for act in acts:
        act()
        states.append(one.file("mask"))
    assert len(set(states)) == len(states) - 1  # nothing twice, but for nothing
    one.page.locator(".view").focus()
    for state in reversed(states[:-1]):
        one.page.keyboard.press("Control+z")
        assert one.file("mask") == state
    one.page.keyboard.press("Control+z")  # there is no more
    for i, state in enumerate(states[1:]):
        one.page.keyboard.press("Control+Shift+z" if i % 2 else "Control+y")
        assert one.file("mask") == state


def test_sixty_steps_back(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(200, 100)))
    one.brush(3)
    for i in range(60):
        one.stroke((3 * i + 5, 10), (3 * i + 5, 90))
    for _ in range(59):
        one.page.keyboard.press("Control+z")
    assert one.ask("e.bounds()")["width"] <= 4
    one.page.keyboard.press("Control+z")
    assert not one.ask("e.hasMask()")
    assert one.file("mask") is None
    assert one.ask("e.bounds()") is None


def test_a_new_stroke_ends_what_could_be_redone(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(100, 100)))
    one.stroke((10, 10))
    one.stroke((90, 90))
    one.act("undo")
    one.stroke((90, 10))
    kept = one.file("mask")
    one.page.keyboard.press("Control+y")
    assert one.file("mask") == kept
    expect(one.page.locator('[data-act="redo"]')).to_have_attribute("aria-disabled", "true")
    expect(one.page.locator('[data-act="undo"]')).to_have_attribute("aria-disabled", "false")


def test_a_soft_brush_fades_and_a_hard_one_does_not(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(100, 100)))
    one.brush(40)
    one.page.locator('[data-knob="softness"] input').fill("0.5")
    one.stroke((50, 50), (50.5, 50), (50, 50))  # going over it again in one stroke adds nothing
    mask = one.mask()
    assert mask[50, 45:56].min() == 255
    assert 120 < mask[50, 64] < 170
    falling = mask[50, 50:72].astype(int)
    assert (np.diff(falling) <= 0).all()
    assert falling[-1] == 0
    one.stroke((50, 50))
    assert one.mask()[50, 64] > mask[50, 64] + 20  # a second stroke does
    one.act("wipe")
    one.stroke((25, 50), (50, 50), (75, 50))
    assert one.mask()[50, 20:81].min() == 255  # the fading end of a part takes nothing from another


def test_shapes(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(400, 400)))
    one.act("rectangle")
    one.stroke((300.2, 290.2), (20.2, 40.2))
    wanted = np.zeros((400, 400), np.uint8)
    wanted[40:290, 20:300] = 255
    assert np.array_equal(one.mask(), wanted)
    one.stroke((60.2, 60.2), (100.2, 400.2), button="right")  # the right button takes away
    wanted[60:, 60:100] = 0
    assert np.array_equal(one.mask(), wanted)
    one.act("wipe")
    one.act("lasso")
    one.stroke((50, 50), (350, 50), (350, 350))
    mask = one.mask()
    y, x = np.mgrid[:400, :400] + 0.5
    inside = (x - 1 > y) & (y > 51) & (x < 349)
    outside = (x + 1 < y) | (y < 49) | (x > 351)
    assert mask[inside].min() == 255
    assert not mask[outside].any()
    one.act("invert")
    assert np.array_equal(one.mask(), 255 - mask)


def test_alt_takes_away_and_shift_draws_straight(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(200, 200)))
    one.brush(10)
    one.stroke((30, 30))
    one.page.keyboard.down("Shift")
    one.stroke((170, 150))
    one.page.keyboard.up("Shift")
    same_but_for_edges(one.mask(), one.mask(), (30, 30), (170, 150), 5, 0.5)
    one.page.keyboard.down("Alt")
    one.stroke((30, 30), (170, 150))
    one.page.keyboard.up("Alt")
    assert one.file("mask") is None


def test_a_stroke_that_leaves_the_editor_goes_on(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(300, 200)))
    one.brush(10)
    left, top, _ = one.place()
    mouse = one.page.mouse
    mouse.move(*one.at(20, 100))
    mouse.down()
    mouse.move(2, 2)  # above the page's own margin
    mouse.move(*one.at(280, 100))
    mouse.up()
    mask = one.mask()
    assert mask[100, 20] == mask[100, 280] == 255
    assert left > 2
    assert top > 2
    one.stroke((150, 150))
    assert one.mask()[150, 150] == 255
    assert one.changes() == 3


def test_a_step_back_in_the_middle_of_a_stroke_ends_it(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(200, 200)))
    one.stroke((20, 20))
    kept = one.file("mask")
    mouse = one.page.mouse
    for act in (
        'one => one.element.querySelector("[data-act=undo]").click()',
        "one => one.clear()",
    ):
        mouse.move(*one.at(50, 150))
        mouse.down()
        mouse.move(*one.at(150, 150))
        one.ask(f"({act})(e)")
        mouse.move(400, 500)
        mouse.up()
        one.page.keyboard.press("Control+y")
        if one.ask("e.hasPicture()"):
            assert one.file("mask") == kept
    assert one.ask("e.bounds()") is None


@pytest.mark.slow
def test_steps_back_are_given_up_for_memory(bench: Callable[..., Bench]):
    """Noise cannot be packed: 16 MB a step."""
    kept = bench().page.evaluate(
        """async () => {
          const { Drawing } = await import("/editor_canvas.js");
          const { bytesOf } = await import("/editor_tiles.js");
          const drawing = new Drawing(4096, 4096);
          const tiles = new Map();
          for (let i = 0; i < 256; i++)
            tiles.set(i, crypto.getRandomValues(new Uint8Array(65536)));
          drawing.restore(tiles);
          for (let i = 0; i < 19; i++) drawing.invert();
          const all = drawing.done.flatMap(step => [...step.values()]);
          while (drawing.undo());
          const same = [...tiles].every(([index, tile]) => {
            const now = drawing.plane.entry(index);
            return tile.every((value, i) => 255 - value === now[i]);
          });
          return { bytes: all.reduce((sum, entry) => sum + bytesOf(entry), 0), same };
        }"""
    )
    assert 200e6 < kept["bytes"] <= 256 * 2**20
    assert kept["same"]  # 16 of 19 steps are kept, an odd number is lost


@pytest.mark.slow
def test_a_picture_of_twelve_thousand_pixels(bench: Callable[..., Bench]):
    side = 12_000
    data = encoded(Image.new("L", (side, side), 90), "JPEG")
    one = bench().open(mode="mask").load(data)
    assert one.ask("e.size()") == {"width": side, "height": side}
    one.brush(900)
    one.stroke((1000, 1000), (11_000, 6000))
    mask = one.ask(
        """e.mask().then(async blob => {
          const { maskOf } = await import("/editor_pixels.js");
          const { plane } = await maskOf(blob, 12000, 12000);
          const places = [[1000, 1000], [6000, 3500], [11000, 6000], [1000, 6000]];
          return places.map(place => plane.at(...place));
        })"""
    )
    assert mask == [255, 255, 255, 0]
    assert one.ask("performance.memory.usedJSHeapSize") < 400e6
