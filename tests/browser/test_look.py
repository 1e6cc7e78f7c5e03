"""Languages, light and dark, phones, and what axe has to say."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import LONG, View, Visitor
from tests.browser.pictures import encode, scene

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that see the colours, all that the dark changes."""
DARK = "dark => document.body.classList.contains('dark') === dark"
STILL = """() => document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime !== Infinity)
    .forEach(one => one.finish())
"""
"""To their end at once: of one whose element is gone or hidden, `finished` never comes."""
CALM = """() => new Promise(done => {
  const observer = new MutationObserver(() => wait());
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (observer.disconnect(), done()), 300);
  };
  observer.observe(document.body, { attributes: true, childList: true, subtree: true });
  wait();
})"""
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TABS = (
    "txt2img",
    "img2img",
    "inpaint",
    "upscale",
    "animation",
    "models",
    "image_info",
    "extensions",
    "settings",
)
BEGUN = ("img2img", "inpaint", "upscale")
ENGLISH = (
    r"\b(Generate|Prompt negative|Width|Seed|Batch|Strength|Picture|Mask|Size|Factor|Expand"
    r"|undefined|ui\.)\b"
)
WIDE = "document.documentElement.scrollWidth"


def calm(view: View) -> None:
    """Wait until a tab has all that it asked the server for: nothing changes for a while."""
    view.page.evaluate(CALM)


def violations(view: View) -> list[str]:
    """What axe finds of the page as it is: all in the light, then the colours in the dark."""
    view.page.evaluate(AXE)
    return [*found(view, "light", RULES), *found(view, "dark", COLOURS)]


def found(view: View, scheme: Literal["light", "dark"], rules: list[str]) -> list[str]:
    view.page.emulate_media(color_scheme=scheme)
    view.page.wait_for_function(DARK, arg=scheme == "dark")
    view.page.evaluate(STILL)  # what fades in has little contrast on the way
    told = view.page.evaluate("rules => axe.run(document, { runOnly: rules })", rules)
    return [
        f"{scheme}, {one['id']}: {node['html'][:150]}"
        for one in told["violations"]
        for node in one["nodes"]
    ]


def with_a_picture_and_a_problem(view: View) -> None:
    view.fill(steps=1, width=64, height=64)
    view.generate()
    view.wait_for_pictures(1)
    view.wait_until_idle()
    for fold in view.page.locator("details.fold").all():
        fold.evaluate("part => part.open = true")
    view.fill(width=513)
    view.generate()
    expect(view.page.locator(".alert p")).to_have_count(1)
    view.page.locator(".chip").first.click()


def with_a_given_picture(view: View, name: str) -> View:
    """A tab that begins with a picture, with one, its result, and all that can be opened."""
    tab = view.tab(name)
    if name == "upscale":
        file: Any = {"name": "a.png", "mimeType": "image/png", "buffer": encode(scene())}
        tab.find("input[type=file]").first.set_input_files(file)
        tab.find(".held li").wait_for()
    else:
        tab.put(scene())
        tab.fill(steps=1)
    if name == "inpaint":
        tab.find(".editor .view").click()
        tab.find(".edits, .below .toggle").last.wait_for()
    tab.generate()
    tab.wait_for_pictures(1)
    tab.wait_until_idle()
    for part in tab.find("details.fold").all():
        part.evaluate("part => part.open = true")
    for switch in tab.find(".part > .toggle input").all():
        switch.check()
    return tab


@pytest.mark.parametrize("where", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_where_a_picture_is_given(
    visitors: Callable[..., Visitor], where: dict[str, object]
):
    view = visitors(reduced_motion="reduce", **where).open()
    for name in BEGUN:
        tab = with_a_given_picture(view, name)
        calm(view)
        assert violations(view) == [], name
        if name == "upscale":
            continue
        tab.find(".tile.home").click()
        if name == "inpaint":
            tab.choose("_intent", "expand")
        assert violations(view) == [], f"{name}, the picture"
        if where:
            view.page.wait_for_function(f"{WIDE} === 390")
            assert small(view) == [], name


@pytest.mark.parametrize("where", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(visitors: Callable[..., Visitor], where: dict[str, object]):
    view = visitors(reduced_motion="reduce", **where).open()
    assert violations(view) == []
    with_a_picture_and_a_problem(view)
    assert violations(view) == []
    view.page.locator(".open").click()
    assert violations(view) == []
    view.page.keyboard.press("Escape")
    for tab in TABS[1:]:
        view.show(tab)
        view.page.locator(f"#tab-{tab} :is(h2, .generate)").first.wait_for()
        if tab == "animation":
            for part in view.page.locator("#tab-animation .stage details.fold").all():
                part.evaluate("part => part.open = true")
            view.page.locator(".plan .key").first.wait_for()
        calm(view)
        assert violations(view) == [], tab


def test_a_phone_shows_all_without_scrolling_sideways(
    visitors: Callable[..., Visitor], tmp_path: Path
):
    view = visitors(**PHONE).open()
    with_a_picture_and_a_problem(view)
    for tab in TABS:
        view.show(tab)
        calm(view)
        assert view.page.evaluate(WIDE) == 390, tab
        view.page.screenshot(path=tmp_path / f"{tab}.png")
        shown = np.asarray(Image.open(tmp_path / f"{tab}.png").convert("L"))
        assert np.ptp(shown) > 100


def test_on_a_phone_generate_and_progress_stay_in_sight(visitors: Callable[..., Visitor]):
    view = visitors(**PHONE).open()
    view.fill(**LONG)
    for place in ("0", "document.body.scrollHeight"):
        view.page.evaluate(f"scrollTo(0, {place})")
        expect(view.page.locator(".generate")).to_be_in_viewport(ratio=1)
    view.page.locator(".generate").tap()
    expect(view.page.locator(".thin")).to_contain_text(re.compile(r"step \d+ of 40"))
    expect(view.page.locator(".thin")).to_be_in_viewport(ratio=1)
    expect(view.page.get_by_role("button", name="Interrupt")).to_be_in_viewport(ratio=1)
    expect(view.page.locator(".growing")).to_be_in_viewport()
    view.interrupt()


def test_fingers_find_every_control(visitors: Callable[..., Visitor]):
    view = visitors(**PHONE).open()
    with_a_picture_and_a_problem(view)
    assert small(view) == []


def small(view: View) -> list[str]:
    """Controls that are hard to hit with a finger."""
    return view.page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select, textarea, summary")]
            .filter(one => one.checkVisibility() && !one.closest(".unseen, [aria-hidden=true]"))
            .map(one => [one.outerHTML.slice(0, 120), one.getBoundingClientRect()])
            .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
            .map(([html]) => html)"""
    )


def test_polish_by_the_browsers_language(visitors: Callable[..., Visitor]):
    view = visitors(locale="pl-PL").open()
    expect(view.page.locator("html")).to_have_attribute("lang", "pl")
    titles = ["Tekst na obraz", "Obraz na obraz", "Retusz", "Powiększanie", "Animacja"]
    titles += ["Modele", "Informacje o obrazie", "Rozszerzenia", "Ustawienia"]
    for tab, title in zip(TABS, titles, strict=True):
        expect(view.page.locator(f"#tab-{tab}-button")).to_have_text(title)
    expect(view.field("prompt")).to_have_value("czerwone jabłko")
    view.fill(width=513)
    view.generate()
    expect(view.page.locator(".alert")).to_contain_text("Szerokość")
    for tab in TABS[:5]:
        view.show(tab)
        view.page.locator(f"#tab-{tab} .generate").wait_for()
        for part in view.page.locator(f"#tab-{tab} details.fold").all():
            part.evaluate("part => part.open = true")
        for switch in view.page.locator(f"#tab-{tab} .part > .toggle input").all():
            switch.check()
        body = expect(view.page.locator("body"), tab)
        body.not_to_contain_text(re.compile(ENGLISH), use_inner_text=True)


def test_dark_by_the_system(visitors: Callable[..., Visitor]):
    shades = []
    for scheme in ("light", "dark"):
        view = visitors(color_scheme=scheme).open()
        view.page.wait_for_function(DARK, arg=scheme == "dark")
        colour = view.page.evaluate("getComputedStyle(document.body).backgroundColor")
        shades.append(sum(map(float, re.findall(r"[\d.]+", colour)[:3])))
    assert shades[0] > 700 > 200 > shades[1]


def test_nothing_moves_for_who_wants_no_motion(visitors: Callable[..., Visitor]):
    view = visitors(reduced_motion="reduce").open()
    view.fill(**LONG)
    view.generate()
    expect(view.page.locator(".tile.running")).to_be_visible()
    moving = view.page.evaluate(
        "document.getAnimations().filter(a => a.effect.target.closest('.own')).length"
    )
    assert moving == 0
    view.interrupt()
