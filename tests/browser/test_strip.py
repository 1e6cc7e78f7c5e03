"""The strip of a long animation: only what is to be seen of it is in the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Server, View, free_port

FRAMES = 1000
SETTINGS = {"compat": "native", "max_frames": FRAMES, "W": 64, "H": 64, "seed": 3}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Its worker is the tests' own, whose frames take no time."""
    own = Server(tmp_path_factory.mktemp("strip"), free_port(), module="tests.serve_fake")
    own.start()
    yield own
    own.kill()


def test_a_long_animation_has_few_tiles_and_all_are_reached(view: View):
    tab = view.tab("animation")
    body = {"kind": "animation", "settings": {**SETTINGS, "prompts": {"0": "a pear"}}}
    made = view.page.request.post("/api/v1/jobs", data=body).json()
    frames = f"/api/v1/jobs/{made['id']}/pictures?first="
    tab.find(".past > summary").click()
    expect(tab.find(".past-list")).to_contain_text("1,000 of 1,000 frames · finished")
    tiles = tab.find(".strip .tile:not(.home)")
    assert view.page.request.get("/api/v1/state").json()["jobs"][0]["picture_count"] == FRAMES
    view.page.reload()
    tab = view.tab("animation")
    tiles.first.wait_for()
    expect(tiles.first).to_have_attribute("aria-label", "Picture 1: Animation")  # fetched
    assert tiles.count() < 60
    asked: list[str] = []
    view.page.on("request", lambda one: asked.append(one.url) if "/pictures?" in one.url else None)
    tiles.first.click()
    for press, number in (("End", 1000), ("ArrowLeft", 999), ("Home", None), ("ArrowRight", 1)):
        view.page.keyboard.press(press)
        if number:
            chosen = tab.find('.strip .tile[aria-current="true"]')
            expect(chosen).to_be_focused()
            expect(chosen).to_have_attribute("aria-label", f"Picture {number}: Animation")
    tab.find(".strip").evaluate("strip => (strip.scrollLeft = 500 * 84)")
    middle = tab.find('.strip .tile[aria-label="Picture 501: Animation"]')
    expect(middle.locator("img")).to_be_visible()
    assert tiles.count() < 60
    assert any(one.endswith(f"{frames}500&count=100") for one in asked), asked
    middle.click()
    wanted = view.page.request.get(f"{frames}500&count=1").json()["pictures"][0]["id"]
    expect(tab.find(".figure img:visible").first).to_have_attribute(
        "src", f"/api/v1/pictures/{wanted}"
    )
    tab.button("Show its frames").click()
    tab.find(".scrub .slider").fill("250")
    wanted = view.page.request.get(f"{frames}250&count=1").json()["pictures"][0]["id"]
    expect(tab.find(".glance img:visible")).to_have_attribute("src", f"/api/v1/pictures/{wanted}")
