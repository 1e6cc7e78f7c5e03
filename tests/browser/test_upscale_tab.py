"""Upscale: one picture or many, by a factor or to a size, and the result beside the original."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import View
from tests.browser.pictures import decode, difference, encode, scene

GIVEN = scene(64, 48)


def file(name: str, seed: int = 0) -> Any:
    return {"name": name, "mimeType": "image/png", "buffer": encode(scene(64, 48, seed))}


def give(tab: View, *files: Any) -> None:
    tab.find(".pictures input[type=file]").set_input_files(list(files))
    expect(tab.find(".held li")).to_have_count(len(files))


@pytest.fixture
def tab(view: View) -> View:
    tab = view.tab("upscale")
    give(tab, file("hill.png"))
    return tab


def made(tab: View, count: int = 1) -> dict[str, Any]:
    before = tab.tiles.count()
    tab.generate()
    tab.wait_for_pictures(before + count)
    tab.wait_until_idle()
    return tab.jobs()[0]


def size(job: dict[str, Any]) -> tuple[int, int]:
    return job["pictures"][0]["width"], job["pictures"][0]["height"]


def test_twice_as_large_and_still_the_same_picture(tab: View):
    expect(tab.find(".size .result")).to_have_text("64 × 48 becomes 128 × 96")
    job = made(tab)
    assert size(job) == (128, 96)
    pixels = decode(tab.picture(job["pictures"][0]["id"]))
    small = pixels.reshape(48, 2, 64, 2, 3).mean(axis=(1, 3))
    assert difference(small, decode(encode(GIVEN))) < 6


def test_the_slider_goes_from_before_to_after(tab: View):
    made(tab)
    compare = tab.find(".compare")
    expect(compare.locator("img").first).to_have_js_property("naturalWidth", 128)
    expect(compare.locator(".earlier")).to_have_js_property("naturalWidth", 64)
    earlier = expect(compare.locator(".earlier"))
    earlier.to_have_css("clip-path", re.compile("50%"))
    slider = compare.get_by_role("slider", name="Before and after")
    slider.focus()
    slider.press("End")
    earlier.to_have_css("clip-path", re.compile(r"inset\(0(px)?( 0(%|px)){0,3}\)"))
    slider.press("Home")
    earlier.to_have_css("clip-path", re.compile("100%"))


@pytest.mark.parametrize(
    ("crop", "told", "made_"), [(True, "80 × 80", (80, 80)), (False, "80 × 60", (80, 60))]
)
def test_to_a_size(tab: View, crop: bool, told: str, made_: tuple[int, int]):
    tab.choose("_size", "size")
    tab.fill(width=80, height=80)
    tab.field("crop").set_checked(crop)
    expect(tab.find(".size .result")).to_have_text(f"64 × 48 becomes {told}")
    assert size(made(tab)) == made_


def test_two_upscalers_are_mixed(tab: View):
    expect(tab.field("mix")).to_be_hidden()
    tab.field("upscaler").select_option("Nearest")
    tab.field("upscaler_2").select_option("Lanczos")
    tab.fill(mix=0.5)
    request = made(tab)["request"]
    assert (request["upscaler"], request["upscaler_2"], request["mix"]) == (
        "Nearest",
        "Lanczos",
        0.5,
    )


def test_many_pictures_are_as_many_jobs_and_keep_their_names(tab: View):
    tab.page.reload()
    expect(tab.find(".held li")).to_have_count(1)
    tab.find(".pictures input[type=file]").set_input_files(
        [file("lake.png", 1), file("a.b.png", 2)]
    )
    expect(tab.find(".held li")).to_have_count(3)
    made(tab, 3)
    names = [job["request"]["file_name"] for job in tab.jobs()]
    assert names == ["a.b", "lake", "hill"]


def test_detail_is_drawn_tile_by_tile(tab: View):
    tab.field("_diffusion").check()
    tab.fill(**{"diffusion.prompt": "a hill", "diffusion.strength": 0.3})
    tab.find("summary:has-text('Model, steps, tiles')").click()
    tab.fill(**{"diffusion.steps": 2, "diffusion.tile": 64, "diffusion.overlap": 16})
    job = made(tab)
    diffusion = job["request"]["diffusion"]
    assert (diffusion["prompt"], diffusion["steps"], diffusion["tile"]) == ("a hill", 2, 64)
    assert size(job) == (128, 96)


def test_what_is_no_picture_is_told_and_the_rest_is_taken(tab: View):
    bad: Any = {"name": "bad.png", "mimeType": "image/png", "buffer": b"no picture"}
    tab.find(".pictures input[type=file]").set_input_files([bad, file("lake.png", 1)])
    expect(tab.find(".pictures .problem")).to_contain_text("bad.png")
    expect(tab.find(".held li")).to_have_count(2)
    tab.find(".held li button").first.click()
    expect(tab.find(".held li")).to_have_count(1)


def test_without_a_picture_it_says_so(view: View):
    tab = view.tab("upscale")
    tab.generate()
    expect(tab.find(".pictures .problem")).to_be_visible()
    assert tab.jobs() == []
