"""What our forms reckon by themselves: sizes, names, and the request that comes of all fields."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visitor
from tests.browser.test_modules import run
from webui.core.offers import ModelCard
from webui.core.requests import Img2Img
from webui.jobs.filling import _img2img_size  # pyright: ignore[reportPrivateUsage]
from webui.library.store import Stored


@pytest.fixture
def page(visitors: Callable[..., Visitor]) -> Page:
    return visitors().open().page


def test_the_size_that_is_told_is_the_size_that_the_server_chooses(page: Page):
    sizes = [(1, 1), (96, 64), (64, 2000), (513, 511), (4000, 3000), (7, 9000)]
    cards = [ModelCard(width=128, height=128), ModelCard(width=1024, height=1024)]
    for width, height in sizes:
        given = Stored(id="sha256:0", width=width, height=height, media_type="image/png")
        for card in cards:
            asked: list[tuple[str, Img2Img]] = [
                (f"area: {card.width * card.height}", Img2Img(image="sha256:" + "0" * 64)),
                ("scale: 0.3", Img2Img(image="sha256:" + "0" * 64, scale=0.3)),
                ("scale: 1.55", Img2Img(image="sha256:" + "0" * 64, scale=1.55)),
            ]
            for how, request in asked:
                chosen = _img2img_size(request, card, given)
                told = run(
                    page, "fit", f"m.fitted({{width: {width}, height: {height}}}, {{{how}}})"
                )
                assert told == [chosen["width"], chosen["height"]], (width, height, how)


def hires(page: Page, **values: Any) -> list[int]:
    given = {"width": 512, "height": 768, "scale": 2, "wide": 0, "high": 0, **values}
    words = ", ".join(f"{name}: {value}" for name, value in given.items())
    return run(page, "hires", f"m.hiresSize({{{words}}})")


def test_the_size_of_a_second_pass_is_a1111s(page: Page):
    assert hires(page) == [1024, 1536]
    assert hires(page, scale=1.55) == [792, 1184]  # 793, 1190: whole latents
    assert hires(page, wide=1024) == [1024, 1536]
    assert hires(page, high=1000) == [664, 1000]
    assert hires(page, wide=1000, high=1000) == [1000, 1000]


def test_file_names_are_made_harmless(page: Page):
    names = ["holiday 1", "../../etc", "a:b*c?", " .hidden", "żółw", "\u0007x", "...", "n" * 300]
    made = [run(page, "batch", f"m.plainName({name!r})") for name in names]
    assert made == ["holiday 1", "_.._etc", "a_b_c_", "hidden", "żółw", "_x", None, "n" * 200]


def test_a_reference_gets_the_first_free_number(page: Page):
    given = ("[]", "['1', '2']", "['2', 'cat']")
    assert [run(page, "references", f"m.freeName({names})") for names in given] == ["1", "3", "1"]


FORM = """
{ values: () => ({ prompt: "x", "_own": 1, "_hires": ON, "hires.steps": 3, "hires.seed": "7",
    width: 8, "extensions.paint.amount": 2, seed: "18446744073709551615" }),
  value: name => ({ _hires: ON })[name],
  names: () => ["extensions.paint.amount"],
  differing: names => CHANGED ? names : [] }
"""


def request(page: Page, on: str, changed: str, without: str = "[]") -> Any:
    form = FORM.replace("ON", on).replace("CHANGED", changed)
    return run(page, "request", f'm.requestOf({form}, "txt2img", {without})')


def test_a_part_goes_along_where_it_is_switched_on(page: Page):
    made = request(page, "true", "true", '["width"]')
    assert made["hires"] == {"steps": 3, "seed": 7}
    assert made["extensions"] == {"paint": {"amount": 2}}
    assert set(made) == {"kind", "extensions", "prompt", "hires", "seed"}
    made = request(page, "false", "false")
    assert "hires" not in made
    assert made["extensions"] == {}
    assert made["width"] == 8
