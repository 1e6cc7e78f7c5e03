"""Image to image: from a dropped picture to another, at the size that was promised."""

import re
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import expect

from tests.browser.conftest import Server, View, box_of
from tests.browser.pictures import decode, difference, encode, scene, shows_something

GIVEN = scene()
PIXELS = decode(encode(GIVEN))


@pytest.fixture
def tab(view: View) -> View:
    tab = view.tab("img2img")
    tab.put(GIVEN)
    tab.fill(prompt="a green tree", steps=4, seed=7)
    return tab


def made(tab: View) -> dict[str, Any]:
    """Generate and wait; the job."""
    count = tab.tiles.count()
    tab.generate()
    tab.wait_for_pictures(count + 1)
    tab.wait_until_idle()
    return tab.jobs()[0]


def result_of(tab: View, job: dict[str, Any]) -> np.ndarray:
    return decode(tab.picture(job["pictures"][0]["id"]))


def stored(tab: View, ref: str) -> bytes:
    answer = tab.page.request.get(f"/api/v1/images/{ref}")
    assert answer.ok
    return answer.body()


def test_a_dropped_picture_becomes_another(tab: View):
    job = made(tab)
    request = job["request"]
    assert (request["kind"], request["prompt"], request["strength"]) == (
        "img2img",
        "a green tree",
        0.75,
    )
    assert stored(tab, request["image"]) == encode(GIVEN)
    assert shows_something(result_of(tab, job))
    expect(tab.find(".open img").first).to_have_js_property("naturalWidth", request["width"])


def test_little_strength_keeps_the_picture_and_much_does_not(tab: View):
    tab.choose("_size", "exact")
    tab.fill(width=96, height=64, strength=0.1)
    near = difference(result_of(tab, made(tab)), PIXELS)
    tab.fill(strength=1)
    far = difference(result_of(tab, made(tab)), PIXELS)
    assert near * 2 < far


@pytest.mark.parametrize(
    ("mode", "values"),
    [("auto", {}), ("scale", {"scale": 1.5}), ("exact", {"width": 80, "height": 104})],
)
def test_the_result_has_the_size_that_was_told(tab: View, mode: str, values: dict[str, float]):
    tab.choose("_size", mode)
    tab.fill(**values)
    told = tab.find(".size .result")
    expect(told).to_have_text(re.compile("^96 × 64 becomes"))
    width, height = map(int, re.findall(r"\d+", told.inner_text())[2:])
    job = made(tab)
    assert (job["request"]["width"], job["request"]["height"]) == (width, height)
    assert result_of(tab, job).shape == (height, width, 3)


def test_what_is_painted_on_it_is_part_of_the_picture(tab: View):
    box = box_of(tab.find(".editor .paper"))
    mouse = tab.page.mouse
    mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2, steps=4)
    mouse.up()
    sent = decode(stored(tab, made(tab)["request"]["image"]))
    changed = (sent != PIXELS).any(axis=2)
    assert changed[32, 24:72].all()
    assert not changed[:24].any() and not changed[40:].any()


def test_without_a_picture_it_says_so_at_its_place(view: View):
    tab = view.tab("img2img")
    tab.generate()
    expect(tab.find(".source .problem")).to_contain_text("Picture")
    expect(tab.find(".alert")).to_contain_text("Picture")
    tab.put(GIVEN)
    expect(tab.find(".source .problem")).to_be_hidden()
    assert tab.jobs() == []


def test_a_reload_keeps_picture_settings_and_the_running_job(tab: View):
    tab.fill(strength=0.6, steps=60, batch_count=100)
    tab.generate()
    expect(tab.find(".growing img")).to_be_visible()
    tab.page.reload()
    expect(tab.find(".stage .progress .words")).to_contain_text(re.compile(r"step \d+ of \d+"))
    tab.wait_for_pictures(1)
    tab.interrupt()
    expect(tab.field("strength")).to_have_value("0.6")
    tab.find(".tile.home").click()
    expect(tab.find(".editor .place")).to_have_text("96 × 64")
    tab.fill(batch_count=1, steps=4)
    again = made(tab)
    assert stored(tab, again["request"]["image"]) == encode(GIVEN)


def test_one_goes_on_from_a_result(tab: View):
    tab.choose("_size", "exact")
    tab.fill(width=64, height=64)
    job = made(tab)
    tab.button("Go on from this").click()
    expect(tab.find(".editor .place")).to_have_text("64 × 64")
    picture = tab.picture(job["pictures"][0]["id"])
    assert stored(tab, made(tab)["request"]["image"]) == picture


def test_before_is_shown_as_long_as_the_button_is_held(tab: View):
    made(tab)
    over = tab.find(".open .over")
    expect(over).to_be_hidden()
    hold = tab.button("Hold to compare")
    hold.focus()
    tab.page.keyboard.down(" ")
    expect(over).to_be_visible()
    expect(over).to_have_js_property("naturalWidth", 96)
    tab.page.keyboard.up(" ")
    expect(over).to_be_hidden()


def test_loopback_makes_a_row_of_pictures(tab: View):
    tab.field("_loopback").check()
    tab.fill(**{"loopback.loops": 2, "loopback.final_strength": 0.3})
    tab.field("loopback.curve").select_option("lazy")
    tab.generate()
    tab.wait_for_pictures(2)
    tab.wait_until_idle()
    (job,) = tab.jobs()
    assert job["request"]["loopback"] == {"loops": 2, "final_strength": 0.3, "curve": "lazy"}


def test_many_files_keep_their_names_and_their_own_parameters(tab: View, server: Server):
    info = PngInfo()
    info.add_text("parameters", "a red car\nSteps: 2, Sampler: Euler, CFG scale: 3, Seed: 99")
    files: list[Any] = [
        {"name": name, "mimeType": "image/png", "buffer": data}
        for name, data in (
            ("b 10.png", encode(scene(seed=2))),
            ("b 9.png", encode(scene(seed=1), pnginfo=info)),
        )
    ]
    tab.fill(steps=1)
    tab.find("summary:has-text('Many pictures')").click()
    tab.find(".fold input[type=file]").first.set_input_files(files)
    tab.fill(_batch_folder="my trip")
    tab.field("_batch_own").check()
    tab.button("Start with 2 files").click()
    expect(tab.find(".round")).to_contain_text("2 of 2 done")
    second, first = tab.jobs()
    assert first["request"]["prompt"] == "a red car"
    assert (first["request"]["seed"], first["request"]["sampler"]) == (99, "Euler")
    assert second["request"]["prompt"] == "a green tree"
    for job, name in ((first, "b 9.png"), (second, "b 10.png")):
        file = server.data / "outputs" / job["pictures"][0]["file"]
        assert (file.parent.name, file.name) == ("my trip", name)
    tab.page.reload()
    expect(tab.find(".round")).to_contain_text("2 of 2 done")


def test_a_file_that_is_no_picture_stops_there_and_keeps_the_rest(tab: View):
    files: list[Any] = [
        {"name": "a.png", "mimeType": "image/png", "buffer": encode(scene())},
        {"name": "b.png", "mimeType": "image/png", "buffer": b"no picture"},
        {"name": "c.png", "mimeType": "image/png", "buffer": encode(scene(seed=5))},
    ]
    tab.fill(steps=1)
    tab.find("summary:has-text('Many pictures')").click()
    tab.find(".fold input[type=file]").first.set_input_files(files)
    tab.button("Start with 3 files").click()
    expect(tab.find(".round")).to_contain_text("2 of 3 done")
    expect(tab.find(".fold .problem[role=alert]").filter(has_text="b.png")).to_be_visible()
    assert [job["request"]["file_name"] for job in tab.jobs()] == ["c", "a"]


def test_transparent_and_tiny_pictures_are_taken(tab: View):
    tab.put(Image.new("RGBA", (1, 1), (10, 200, 30, 128)), "dot.png")
    tab.fill(steps=1)
    assert result_of(tab, made(tab)).shape[0] >= 64
