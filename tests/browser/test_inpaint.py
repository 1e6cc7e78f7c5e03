"""Inpaint: a mask painted with the mouse, candidates, and not one pixel changed outside of it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.bench import kept
from tests.browser.conftest import View, box_of
from tests.browser.pictures import decode, encode, scene

WIDTH, HEIGHT = 128, 96
GIVEN = scene(WIDTH, HEIGHT)
PIXELS = decode(encode(GIVEN))
STORED = kept("`/own/${easel.build}/editor_store.js`", "kept?.tiles.size")
REACH = 16
"""Pixels beyond which a mask blur of 4 or 8 leaves nothing to see of the mask's edge."""


@pytest.fixture
def tab(view: View) -> View:
    tab = view.tab("inpaint")
    tab.put(GIVEN)
    tab.fill(prompt="a red apple", steps=3, seed=5)
    return tab


def paint(tab: View, *points: tuple[float, float]) -> None:
    """A stroke through points of the picture, pixels."""
    box = box_of(tab.find(".editor .paper"))
    across, down = box["width"] / WIDTH, box["height"] / HEIGHT
    places = [(box["x"] + x * across, box["y"] + y * down) for x, y in points]
    mouse = tab.page.mouse
    mouse.move(*places[0])
    mouse.down()
    for place in places[1:]:
        mouse.move(*place, steps=5)
    mouse.up()


def candidates(tab: View, count: int = 1) -> dict[str, Any]:
    """Generate and wait; the job."""
    before = tab.tiles.count()
    tab.generate()
    tab.wait_for_pictures(before + count)
    tab.wait_until_idle()
    return tab.jobs()[0]


def result(tab: View, job: dict[str, Any], index: int = 0) -> np.ndarray:
    return decode(tab.picture(job["pictures"][index]["id"]))


def stored(tab: View, ref: str) -> bytes:
    answer = tab.page.request.get(f"/api/v1/images/{ref}")
    assert answer.ok
    return answer.body()


def mask_of(tab: View, job: dict[str, Any]) -> np.ndarray:
    """Where it is painted: (height, width), bool."""
    return np.asarray(Image.open(io.BytesIO(stored(tab, job["request"]["mask"])))) > 0


def around(mask: np.ndarray, reach: int) -> np.ndarray:
    """The mask grown by so many pixels on all sides."""
    rows, columns = np.nonzero(mask)
    grown = np.zeros_like(mask)
    grown[
        max(0, rows.min() - reach) : rows.max() + reach + 1,
        max(0, columns.min() - reach) : columns.max() + reach + 1,
    ] = True
    return grown


def editor_place(tab: View) -> Any:
    return tab.find(".editor .place")


def test_inside_the_mask_it_changes_and_outside_not_one_bit(tab: View):
    paint(tab, (56, 40), (72, 40), (72, 56))
    job = candidates(tab)
    mask = mask_of(tab, job)
    assert mask.shape == (HEIGHT, WIDTH)
    assert mask[40, 60] and mask[50, 72] and not mask[:20].any()
    pixels = result(tab, job)
    changed = (pixels != PIXELS).any(axis=2)
    assert changed[mask].mean() > 0.9
    assert not changed[~around(mask, REACH)].any()
    assert stored(tab, job["request"]["image"]) == encode(GIVEN)


def test_an_intent_sets_the_knobs_and_is_posted(tab: View):
    paint(tab, (60, 40), (70, 40))
    tab.find("summary:has-text('Custom')").click()
    expect(tab.field("strength")).to_have_value("0.75")
    tab.fill(strength=0.4)
    tab.choose("_intent", "remove")
    tab.shows(strength=1, content="fill", padding=96)
    tab.field("content").select_option("latent_noise")
    request = candidates(tab)["request"]
    assert (request["intent"], request["content"], request["strength"], request["area"]) == (
        "remove",
        "latent_noise",
        1.0,
        "masked",
    )
    tab.page.reload()
    expect(tab.field("content")).to_have_value("latent_noise")
    expect(tab.field("strength")).to_have_value("1")


def test_what_is_not_painted_is_drawn_for_a_new_background(tab: View):
    tab.choose("_intent", "replace_background")
    paint(tab, (64, 48), (66, 48))
    job = candidates(tab)
    assert job["request"]["invert"] is True
    mask = mask_of(tab, job)
    changed = (result(tab, job) != PIXELS).any(axis=2)
    assert changed[~around(mask, REACH)].mean() > 0.9


def test_candidates_wait_for_a_decision_and_accepting_goes_on_with_one(tab: View):
    paint(tab, (56, 40), (72, 56))
    tab.fill(batch_count=2)
    job = candidates(tab, 2)
    expect(tab.find(".tile.fresh")).to_have_count(2)
    tab.tiles.first.click()
    tab.button("Accept").click()
    expect(tab.find(".source")).to_be_visible()
    expect(tab.find(".tile.fresh")).to_have_count(0)
    expect(tab.button("Undo")).to_be_disabled()  # nothing is painted on the new picture
    tab.fill(batch_count=1)
    paint(tab, (20, 20), (30, 20))
    second = candidates(tab)
    first = tab.picture(job["pictures"][0]["id"])
    assert stored(tab, second["request"]["image"]) == first
    tab.button("Accept").click()
    expect(tab.find(".edits")).to_contain_text("Edit 2 of 2")
    back = tab.button("Back to the picture before this edit")
    back.click()
    expect(tab.find(".edits")).to_contain_text("Edit 1 of 2")
    back.click()
    expect(tab.find(".edits")).to_contain_text("Edit 0 of 2")
    third = candidates(tab)["request"]  # the first picture with its first mask
    assert stored(tab, third["image"]) == encode(GIVEN)
    assert third["mask"] == job["request"]["mask"]


def test_accepting_can_be_taken_back_at_once_and_the_mask_kept(tab: View):
    paint(tab, (56, 40), (72, 56))
    tab.field("_keep_mask").check()
    first = candidates(tab)
    tab.button("Accept").click()
    expect(tab.find(".edits")).to_contain_text("Edit 1 of 1")
    assert candidates(tab)["request"]["mask"] == first["request"]["mask"]
    tab.find(".tile.home").click()
    tab.page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(tab.find(".edits")).to_contain_text("Edit 0 of 1")


def test_keep_all_and_discard(tab: View):
    paint(tab, (56, 40), (72, 56))
    tab.fill(batch_count=2)
    candidates(tab, 2)
    tab.button("Discard").click()
    expect(tab.tiles).to_have_count(1)
    expect(tab.find(".tile.fresh[aria-current=true]")).to_have_count(1)
    tab.page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(tab.tiles).to_have_count(2)
    tab.button("Discard").click()
    tab.button("Keep all, change nothing").click()
    expect(tab.find(".source")).to_be_visible()
    expect(tab.tiles).to_have_count(1)
    expect(tab.find(".tile.fresh")).to_have_count(0)
    tab.page.reload()
    expect(tab.tiles).to_have_count(1)


def test_a_reload_keeps_picture_mask_candidates_and_edits(tab: View):
    paint(tab, (56, 40), (72, 56))
    tab.page.evaluate(STORED, "inpaint.paint")  # a stroke is, when the hand rests
    tab.page.reload()
    expect(editor_place(tab)).to_have_text(f"{WIDTH} × {HEIGHT}")
    job = candidates(tab)
    assert mask_of(tab, job)[40, 58]
    tab.page.reload()
    expect(tab.find(".tile.fresh")).to_have_count(1)
    tab.find(".tile.fresh").click()
    tab.button("Accept").click()
    expect(tab.find(".edits")).to_contain_text("Edit 1 of 1")
    tab.page.reload()
    expect(tab.find(".edits")).to_contain_text("Edit 1 of 1")
    tab.button("Back to the picture before this edit").click()
    expect(tab.find(".edits")).to_contain_text("Edit 0 of 1")


def test_another_picture_begins_anew(tab: View):
    paint(tab, (56, 40), (72, 56))
    candidates(tab)
    tab.button("Accept").click()
    expect(tab.find(".edits")).to_be_visible()
    tab.put(scene(64, 64, seed=3), "other.png")
    expect(tab.find(".edits")).to_be_hidden()


def test_without_a_mask_it_says_so(tab: View):
    tab.generate()
    expect(tab.find(".alert")).not_to_be_empty()
    expect(tab.find(".source > .problem")).to_be_visible()
    assert tab.jobs() == []


def test_soft_inpainting_is_posted_while_it_is_on(tab: View):
    paint(tab, (56, 40), (72, 56))
    tab.find("summary:has-text('Custom')").click()
    tab.field("_soft").check()
    tab.fill(**{"soft.schedule_bias": 2})
    assert candidates(tab)["request"]["soft"]["schedule_bias"] == 2
    tab.find(".tile.home").click()
    tab.field("_soft").uncheck()
    assert candidates(tab)["request"]["soft"] is None


def test_the_picture_goes_on_beyond_its_border(tab: View):
    tab.choose("_intent", "expand")
    tab.button("Left +64").click()
    tab.fill(down=32)
    expect(tab.find(".sides-part .result")).to_have_text("128 × 96 becomes 192 × 128")
    job = candidates(tab)
    assert job["request"]["kind"] == "outpaint"
    pixels = result(tab, job)
    assert pixels.shape == (128, 192, 3)
    same = pixels[: HEIGHT - REACH, 64 + REACH :]
    assert (same == PIXELS[: HEIGHT - REACH, REACH:]).all()
    assert pixels[:, :64].std() > 4
    tab.button("Accept").click()
    expect(editor_place(tab)).to_have_text("192 × 128")
    tab.shows(left=0, down=0)
    tab.button("Back to the picture before this edit").click()
    expect(editor_place(tab)).to_have_text(f"{WIDTH} × {HEIGHT}")


def test_expand_without_an_amount_draws_the_painted_border(tab: View):
    tab.choose("_intent", "expand")
    paint(tab, (4, 10), (4, 90))
    request = candidates(tab)["request"]
    assert (request["kind"], request["intent"], request["content"]) == ("inpaint", "expand", "fill")
