"""The time axis of an animation: keys in the plot, and what lies below the curves."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import View, box_of


@pytest.fixture
def tab(view: View) -> View:
    tab = view.tab("animation")
    tab.fill(_prompts="0: a red apple\n20: a green apple")
    tab.fill(**{"settings.max_frames": 41, "settings.zoom": "0:(1), 20:(1.2) step"})
    tab.fill(**{"settings.angle": "0:(sin(t)), 2s:(4)", "settings.W": 64, "settings.H": 64})
    tab.find(".plan .curve").nth(1).wait_for()
    return tab


def key(tab: View, name: str, frame: int) -> Locator:
    return tab.find(f'.key[data-name="{name}"][data-frame="{frame}"]')


def drag(tab: View, mark: Locator, right: float, up: float) -> None:
    box = box_of(mark.locator(".dot"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    for step in range(1, 6):
        tab.page.mouse.move(x + right * step / 5, y - up * step / 5)
    tab.page.mouse.up()


def test_keys_are_moved_made_and_taken_away_in_the_plot(tab: View):
    zoom, angle = (tab.field(f"settings.{name}") for name in ("zoom", "angle"))
    plot = tab.find(".plan svg.curves")
    wide = plot.evaluate("svg => (svg.clientWidth - 28) / 40")  # pixels a frame
    drag(tab, key(tab, "zoom", 20), 5 * wide, -63)  # half of the plot's height down
    expect(zoom).to_have_value("0:(1), 25:(1.1) step")
    expect(tab.find(".plan .legend")).to_contain_text("1 … 1.1")
    drag(tab, key(tab, "angle", 0), 3 * wide, 40)  # a formula: only its time
    expect(angle).to_have_value("3:(sin(t)), 2s:(4)")
    drag(tab, key(tab, "angle", 30), 3 * wide, 0)
    expect(angle).to_have_value("3:(sin(t)), 2.2s:(4)")
    for _ in range(3):
        tab.button("Undo").click()
    expect(zoom).to_have_value("0:(1), 20:(1.2) step")
    expect(angle).to_have_value("0:(sin(t)), 2s:(4)")
    tab.page.keyboard.press("Control+Shift+z")
    expect(zoom).to_have_value("0:(1), 25:(1.1) step")
    expect(tab.find(".plan .legend")).to_contain_text("1 … 1.1")
    key(tab, "zoom", 25).focus()
    for press in ("ArrowRight", "Shift+ArrowRight", "ArrowUp", "PageUp"):
        tab.page.keyboard.press(press)
    expect(zoom).to_have_value("0:(1), 36:(1.101) step")
    expect(key(tab, "zoom", 0)).to_be_focused()
    expect(key(tab, "zoom", 0)).to_have_attribute("aria-valuetext", "frame 0: 1")
    plot.dblclick(position={"x": 14 + 10 * wide, "y": 95})
    expect(zoom).to_have_value("0:(1), 10:(1.05), 36:(1.101) step")
    tab.find(".key-row input[type=text]").fill("max(1, t)")
    tab.find(".key-row select").select_option("smooth")
    expect(zoom).to_have_value("0:(1), 10:(max(1, t)) smooth, 36:(1.101) step")
    key(tab, "zoom", 10).press("Delete")
    expect(zoom).to_have_value("0:(1), 36:(1.101) step")
    zoom.fill("0:(1), 12:(2)")
    expect(key(tab, "zoom", 12)).to_be_visible()
    assert tab.jobs() == []


def test_prompts_are_rows_and_bars_and_text(tab: View):
    text = tab.field("_prompts")
    bars = tab.find(".bar-of")
    expect(bars).to_have_count(2)
    expect(bars.last).to_have_attribute("aria-valuetext", "from frame 20")
    tab.button("Edit as a table").click()
    rows = tab.find(".prompt-rows li")
    rows.last.locator(".negative").fill("worms")
    expect(text).to_have_value("0: a red apple\n20: a green apple --neg worms")
    tab.button("Add a prompt").click()
    tab.page.keyboard.type("a tree")
    expect(text).to_have_value("0: a red apple\n20: a green apple --neg worms\n30: a tree")
    rows.first.locator(".at").fill("2s")
    rows.last.locator(".at").fill("5")
    expect(bars).to_have_text(["a tree", "a green apple", "a red apple"])
    tab.button("Sort by frame").click()
    expect(text).to_have_value("5: a tree\n20: a green apple --neg worms\n2s: a red apple")
    bars.last.press("Shift+ArrowRight")
    expect(text).to_have_value("5: a tree\n20: a green apple --neg worms\n2.667s: a red apple")
    tab.button("Remove prompt 1").click()
    expect(rows).to_have_count(2)
    tab.page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(3)
    expect(tab.find(".bar-of.blends")).to_have_count(0)
    tab.find(".blend select").select_option("linear")
    expect(tab.find(".bar-of.blends")).to_have_count(2)
    tab.button("Edit as text").click()
    text.fill('[{"frame": 3, "prompt": "a hill", "blend": "step"}]')
    expect(bars).to_have_text(["a hill"])
    tab.button("Edit as a table").click()
    rows.first.locator("textarea").first.fill("a lake")
    row = '  "frame": "3",\n  "prompt": "a lake",\n  "blend": "step"\n'
    expect(text).to_have_value(f"[\n {{\n{row} }}\n]")


def test_prompts_get_weights_of_their_own_in_their_bars(tab: View):
    text = tab.field("_prompts")
    bars, ways = tab.find(".bar-of"), tab.find(".ways")
    expect(ways.locator(".hint")).to_be_visible()
    bars.last.click()
    ways.locator("select").select_option("own")
    expect(tab.find(".prompt-rows li")).to_have_count(2)  # lines cannot say it
    weight = ways.locator("input")
    expect(weight).to_have_value("0:(0) step, 20:(1)")
    cell = tab.find(".prompt-rows li").last.get_by_label("Weight of prompt 2")
    expect(cell).to_have_value("0:(0) step, 20:(1)")
    cell.fill("0:(0), 20:(1)")
    expect(weight).to_have_value("0:(0), 20:(1)")
    expect(text).to_have_value(re.compile(r'"weight": "0:\(0\), 20:\(1\)"'))
    cell.fill("")
    expect(text).not_to_have_value(re.compile("weight"))
    cell.fill("0.25")
    expect(cell).to_have_css("grid-column-end", "auto")
    weight.fill("0:(0), 20:(1)")
    expect(cell).to_have_value("0:(0), 20:(1)")
    expect(cell).to_have_css("grid-column-end", "-1")
    plot = tab.find(".weights")
    wide = plot.evaluate("svg => (svg.clientWidth - 28) / 40")
    drag(tab, key(tab, "prompts.1", 20), 10 * wide, -26)  # to half of the height
    expect(weight).to_have_value("0:(0), 30:(0.5)")
    expect(tab.find(".key-row .title").first).to_have_text("Weight of prompt 2")
    plot.dblclick(position={"x": 14 + 10 * wide, "y": 44})
    expect(weight).to_have_value("0:(0), 10:(1), 30:(0.5)")
    bars.last.press("ArrowRight")
    expect(weight).to_have_value("1:(0), 11:(1), 31:(0.5)")
    tab.button("Undo").click()
    expect(weight).to_have_value("0:(0), 10:(1), 30:(0.5)")
    weight.fill("1 - t")
    expect(ways.locator(".problem")).to_contain_text("the weight is -1 at frame 2")
    weight.fill("0:(0), 4:(1)")
    expect(ways.locator(".problem")).to_be_hidden()
    tab.fill(**{"settings.max_frames": 3, "settings.steps": 1, "settings.diffusion_cadence": 1})
    expect(tab.find(".weights .share")).to_have_count(2)
    tab.find(".past > summary").click()
    tab.generate()
    expect(tab.find(".past-list li").first).to_contain_text("3 of 3 frames · finished")
    (job,) = [one for one in tab.jobs() if one["request"]["kind"] == "animation"]
    prompts = [one["infotext"].split("\n")[0] for one in job["pictures"]]
    assert prompts[0].endswith("a red apple")
    assert prompts[1] == "a red apple :0.75 AND a green apple :0.25"
    ways.locator("select").select_option("linear")
    tab.find(".scrub .slider").fill("1")
    said = tab.find(".glance .hint")
    expect(said).to_have_text("The motion alone: drag the slider, or press Play.")
    tab.field("settings.animation_mode").select_option("Interpolation")
    expect(said).to_contain_text("Interpolation moves nothing. Frame 1: ")
    tab.field("settings.animation_mode").select_option("Video Input")
    expect(said).to_contain_text("Drop the film that is to be redrawn")
    tab.field("settings.animation_mode").select_option("3D")
    expect(said).to_contain_text("The motion alone, of a plane")
    expect(text).to_have_value(re.compile('^(?!.*weight).*"blend": "linear"', re.DOTALL))


def test_an_animation_is_looked_at_opened_again_and_gone_on_from(tab: View):
    tab.fill(**{"settings.max_frames": 6, "settings.steps": 1, "settings.zoom": "0:(1), 5:(1.2)"})
    canvas = tab.find(".glance canvas")
    slider = tab.find(".scrub .slider")
    slider.fill("3")
    expect(canvas).to_have_attribute("aria-label", "The motion at frame 3")
    tab.find(".past > summary").click()
    tab.generate()
    row = tab.find(".past-list li").first
    expect(row).to_contain_text("6 of 6 frames · finished")
    tab.fill(**{"settings.zoom": "1.5", "settings.max_frames": 9})
    row.get_by_role("button", name="Show its frames").click()
    slider.fill("4")
    (job,) = [one for one in tab.jobs() if one["request"]["kind"] == "animation"]
    wanted = job["pictures"][4]["id"]
    expect(tab.find(".glance img:visible")).to_have_attribute("src", f"/api/v1/pictures/{wanted}")
    row.get_by_role("button", name="Open its settings").click()
    expect(tab.field("settings.zoom")).to_have_value("0:(1), 5:(1.2)")
    expect(tab.field("settings.max_frames")).to_have_value("6")
    expect(tab.field("settings.seed")).to_have_value(str(job["request"]["settings"]["seed"]))
    tab.fill(**{"settings.zoom": "0:(1), 5:(2)"})
    row.locator(".from input").fill("3")
    row.get_by_role("button", name="Go on with this form").click()
    expect(tab.find(".past-list li")).to_have_count(2)
    expect(tab.find(".past-list li").first).to_contain_text("6 of 6 frames · finished")
    made, *_ = [one for one in tab.jobs() if one["request"]["kind"] == "animation"]
    assert made["request"]["after"]["job"] == job["id"]
    assert made["request"]["after"]["frame"] == 3
    assert made["request"]["settings"]["zoom"] == "0:(1), 5:(2)"
    same = [tab.picture(one["pictures"][2]["id"]) for one in (job, made)]
    assert same[0] == same[1]
