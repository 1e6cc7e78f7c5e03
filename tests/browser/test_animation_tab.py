"""Animation: frames by prompts and schedules, a film of them, settings files in and out."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import View
from webui.video.encoding import Encoding
from webui.video.writing import write_film

SMALL = {"max_frames": 5, "W": 64, "H": 64, "steps": 2, "angle": 4}
DEFORUM = {
    "W": 64, "H": 64, "steps": 3, "max_frames": 4, "diffusion_cadence": 1, "seed": 9,
    "angle": "0:(2*sin(t))", "prompts": {"0": "a hill", "2": "a lake --neg people"},
    "color_force_grayscale": True, "animation_mode": "2D",
}  # fmt: skip


@pytest.fixture
def tab(view: View) -> View:
    tab = view.tab("animation")
    tab.fill(_prompts="0: a red apple\n3: a green apple")
    tab.fill(**{f"settings.{name}": value for name, value in SMALL.items()})
    tab.field("_film").select_option(label="No film")
    return tab


def test_it_begins_with_a_prompt_of_the_model_that_is_no_problem(view: View):
    tab = view.tab("animation")
    expect(tab.field("_prompts")).to_have_value("0: a red apple")
    expect(tab.find(".plan .bars")).to_contain_text("a red apple")
    expect(tab.find(".plan .findings")).to_be_empty()


def made(tab: View, count: int) -> dict[str, Any]:
    before = len(tab.jobs())
    with tab.page.expect_response(lambda answer: answer.url.endswith("/api/v1/jobs")):
        tab.generate()
    assert len(tab.jobs()) == before + 1
    tab.wait_for_pictures(count)
    tab.until(lambda: tab.jobs()[0]["state"] == "finished")
    tab.wait_until_idle()
    return tab.jobs()[0]


def test_frames_come_one_by_one_and_become_a_film(tab: View):
    job = made(tab, 5)
    assert job["request"]["settings"]["prompts"] == {"0": "a red apple", "3": "a green apple"}
    assert [one["index"] for one in job["pictures"]] == [0, 1, 2, 3, 4]
    assert job["pictures"][4]["infotext"].startswith("a green apple")
    tab.find("[data-field=_format] select").select_option("webm")
    tab.button("Make a film").click()
    video = tab.find("video")
    expect(video).to_be_visible()
    film = tab.jobs()[0]
    assert (film["request"]["kind"], film["request"]["job"]) == ("film", job["id"])
    tab.page.wait_for_function("document.querySelector('#tab-animation video').videoWidth === 64")
    expect(tab.find(".caption .tools")).not_to_contain_text("Inpaint")
    tab.page.reload()
    expect(video).to_be_visible()


def test_a_broken_schedule_is_told_at_its_field_before_anything_runs(tab: View):
    tab.fill(**{"settings.angle": "0:(sin(t)"})
    tab.generate()
    expect(tab.find(".alert")).to_contain_text("angle, character 3")
    expect(tab.problem("settings.angle")).to_contain_text("never closed")
    assert tab.jobs() == []


def test_a_new_animation_is_of_the_models_size_unless_told_otherwise(view: View):
    tab = view.tab("animation")
    expect(tab.field("settings.W")).to_have_value("128")
    tab.fill(**{"settings.W": 96})
    tab.page.reload()
    expect(tab.field("settings.H")).to_have_value("128")
    expect(tab.field("settings.W")).to_have_value("96")


def test_the_mode_says_which_schedules_there_are(tab: View):
    tab.field("settings.animation_mode").select_option("3D")
    expect(tab.field("settings.rotation_3d_y")).to_be_visible()
    expect(tab.field("settings.zoom")).to_be_hidden()
    tab.field("settings.animation_mode").select_option("Interpolation")
    expect(tab.field("settings.translation_x")).to_be_hidden()


def test_a_settings_file_of_deforum_fills_the_form_and_goes_back(tab: View):
    words = json.dumps(DEFORUM).encode()
    file: Any = {"name": "old.json", "mimeType": "application/json", "buffer": words}
    tab.find(".files input").set_input_files(file)
    expect(tab.page.locator(".notice")).to_contain_text("old.json")
    expect(tab.field("_prompts")).to_have_value("0: a hill\n2: a lake --neg people")
    expect(tab.field("settings.angle")).to_have_value("0:(2*sin(t))")
    settings = made(tab, 4)["request"]["settings"]
    assert settings["compat"] == "deforum-3" and settings["color_force_grayscale"] is True
    with tab.page.expect_download() as saved:
        tab.button("Save the settings").click()
    told = json.loads(saved.value.path().read_text())
    assert told["prompts"] == DEFORUM["prompts"] and told["compat"] == "deforum-3"
    wrong: Any = {"name": "no.json", "mimeType": "text/plain", "buffer": b"[1]"}
    tab.find(".files input").set_input_files(wrong)
    expect(tab.find(".files .problem")).to_contain_text("no.json is no settings file")


def test_the_plan_is_drawn_before_anything_is_rendered(tab: View):
    tab.fill(**{"settings.angle": "0:(0), 4:(8)", "settings.max_frames": 5})
    tab.find(".plan .fold > summary").click()
    expect(tab.find(".plan tbody tr")).to_have_count(5)
    expect(tab.find(".plan tbody tr").nth(3)).to_contain_text("a green apple")
    expect(tab.find(".plan svg .curve")).to_have_count(1)
    expect(tab.find(".plan .legend")).to_contain_text("0 … 8")
    curves = tab.find(".plan svg.curves")
    expect(curves).to_have_attribute("aria-label", re.compile(": Angle$"))
    tab.fill(**{"settings.max_frames": 120})
    expect(tab.find(".plan .said")).to_have_text("0–49 · 120 frames")
    tab.button("Later").click()
    expect(tab.find(".plan tbody th").first).to_have_text("50")
    tab.fill(**{"settings.angle": "0:(sin(t)"})
    expect(tab.find(".plan .findings")).to_contain_text("angle, character 3")
    expect(tab.find(".plan .rows")).to_be_hidden()
    assert tab.jobs() == []


def test_a_film_comes_by_itself_when_the_frames_are_there(tab: View):
    tab.field("_film").select_option("mp4")
    tab.generate()
    expect(tab.find("video")).to_be_visible()
    film, job = tab.jobs()
    assert (film["request"]["kind"], film["request"]["job"]) == ("film", job["id"])
    assert film["started"] >= job["ended"]


def test_the_motion_is_seen_before_anything_is_drawn(tab: View):
    tab.find(".preview").click()
    expect(tab.find("video")).to_be_visible()
    tab.wait_until_idle()
    film, job = tab.jobs()
    assert job["request"]["motion_only"] and film["state"] == "finished"
    assert len(job["pictures"]) == 5
    first, last = (tab.picture(job["pictures"][at]["id"]) for at in (0, 4))
    assert first != last


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    frames = [np.full((64, 64, 3), 60 * number, np.uint8) for number in range(4)]
    write_film(frames, path, Encoding(preset="ultrafast"))
    return str(path)


def test_a_dropped_film_is_redrawn_frame_by_frame(tab: View, clip: str):
    tab.find(".pictures input[type=file]").set_input_files(clip)
    expect(tab.find(".held video")).to_be_visible()
    expect(tab.field("settings.animation_mode")).to_have_value("Video Input")
    job = made(tab, 4)
    settings = job["request"]["settings"]
    assert settings["animation_mode"] == "Video Input" and settings["video_init_path"] == "clip.mp4"
    tab.find(".held select").select_option("mix")
    tab.field("settings.animation_mode").select_option("2D")
    settings = made(tab, 4)["request"]["settings"]
    assert settings["hybrid_composite"] == "Normal" and settings["animation_mode"] == "2D"


def test_a_mode_without_its_film_is_told_at_the_files(tab: View):
    tab.field("settings.animation_mode").select_option("Video Input")
    tab.generate()
    expect(tab.find(".pictures .problem")).to_contain_text("video_init_path")
    assert tab.jobs() == []


def test_pictures_begin_and_guide_an_animation(tab: View, tmp_path: Path):
    for name, colour in (("first", "red"), ("guide", "blue")):
        Image.new("RGB", (64, 64), colour).save(tmp_path / f"{name}.png")
        tab.find(".pictures input[type=file]").set_input_files(tmp_path / f"{name}.png")
        expect(tab.find(f".held [title='{name}.png']")).to_be_visible()
    tab.find(".held .at:visible").fill("3")
    tab.find(".held .at:visible").blur()
    request = made(tab, 5)["request"]
    settings = request["settings"]
    assert settings["use_init"] and settings["init_image"] == "first.png"
    assert settings["use_looper"] and settings["init_images"] == {"3": "guide.png"}
    assert set(request["files"]) == {"init_image", "init_images.3"}


def test_every_setting_can_be_found_and_changed(tab: View):
    tab.find("details.all-settings summary").click()
    tab.find(".all-settings .search").fill("gray")
    row = tab.find(".setting:visible")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("color_force_grayscale")
    row.locator("input").check()
    expect(tab.find(".all-settings .said")).to_contain_text("1 changed")
    assert made(tab, 5)["request"]["settings"]["color_force_grayscale"] is True
    tab.page.reload()
    tab.find(".all-settings .search").fill("gray")
    tab.find(".setting:visible button").click()
    expect(tab.find(".all-settings .said")).to_contain_text("0 changed")
    assert "color_force_grayscale" not in made(tab, 5)["request"]["settings"]


def test_numbers_of_extensions_take_schedules_and_what_the_plan_warns_of_stays_to_be_read(
    tab: View,
):
    panel = tab.find('details:has([data-field="extensions.freeu.enabled"])').last
    panel.locator("summary").first.click()
    expect(panel.locator(".hint").first).to_contain_text("A number may be a schedule here")
    tab.field("extensions.freeu.enabled").check()
    first, second = (tab.field(f"extensions.freeu.{name}") for name in ("b1", "b2"))
    expect(panel.locator("[data-field='extensions.freeu.b1'] .slider")).to_be_visible()
    first.fill("0:(1), 4:(1.5)")
    expect(panel.locator("[data-field='extensions.freeu.b1'] .slider")).to_be_hidden()
    tab.find(".plan").evaluate("plan => (plan.open = true)")
    second.fill("0:(sin(t)")
    problem = tab.find("[data-field='extensions.freeu.b2'] .problem")
    expect(problem).to_contain_text("extensions.freeu.b2, character 3")  # by the plan
    second.fill("1.2")
    expect(problem).to_be_hidden()
    weight = tab.find("[data-panel=controlnet] [data-field=weight] input").first
    tab.find('details:has([data-panel="controlnet"]) > summary').last.click()
    tab.find("[data-panel=controlnet] .control-add").click()
    weight.fill("0:(0), 3:(1)")
    tab.find("[data-panel=controlnet] [data-field=preprocessor] select").select_option("canny")
    tab.find("[data-panel=controlnet] [data-field=perfect] input").uncheck()
    tab.find("[data-panel=controlnet] [data-field=resolution] input").first.fill("64 + 64*t")
    tab.find("[data-panel=controlnet] .control-bar input").uncheck()
    areas = tab.find("[data-field='extensions.regional.areas']")
    tab.find('details:has([data-field="extensions.regional.areas"]) > summary').last.click()
    tab.find("[data-field='extensions.regional.split'] select").select_option("areas")
    areas.locator(".add-row").click()
    left = areas.locator("[data-side=left]")
    left.fill("0:(0), 1:(50)")
    expect(areas.locator(".sheet-box")).to_have_attribute("style", re.compile("left: 0%"))
    tab.fill(**{"settings.max_frames": 2, "settings.steps": 1})
    base = '{"compat": "native", "sampler": "nobody"}'
    tab.page.evaluate("base => localStorage.setItem('easel.animation.base', base)", base)
    job = made(tab, 2)
    expect(tab.find(".bar .warned")).to_contain_text("nobody")
    sent = job["request"]["extensions"]
    assert sent["freeu"]["b1"]["$schedule"] == "0:(1), 4:(1.5)" and sent["freeu"]["b2"] == 1.2
    assert sent["controlnet"]["units"][0]["weight"]["$schedule"] == "0:(0), 3:(1)"
    assert sent["controlnet"]["units"][0]["resolution"]["$schedule"] == "64 + 64*t"
    side = {"$schedule": "0:(0), 1:(50)", "$of": 100, "$first": 0}
    assert sent["regional"]["areas"][0]["box"] == [side, 0.25, 0.75, 0.75]
    first.fill("1.1")
    left.fill("10")
    expect(tab.find(".plan .findings .known")).to_contain_text("nobody")  # no error
    tab.find(".past > summary").click()
    tab.button("Open its settings").click()
    expect(first).to_have_value("0:(1), 4:(1.5)")
    expect(weight).to_have_value("0:(0), 3:(1)")
    expect(left).to_have_value("0:(0), 1:(50)")
