"""Choosing a model sets the form right; models are defined, well-known ones asked for."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Server, View, Visitor, free_port
from tests.browser.test_look import PHONE, violations
from tests.checkpoints import KEYS, write_weights

QUICK = "sdxl-lightning-4step"
LORA = {"lora_unet_down_blocks_1_attentions_0_attn2_to_k.lora_down.weight": (4, 768)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with some models, none of which is ever loaded, and no site to download from."""
    own = Server(tmp_path_factory.mktemp("presets"), free_port(), module="tests.serve_fake")
    models = own.data / "models"
    write_weights(models / "checkpoints" / "dream.safetensors", KEYS["sd1"])
    write_weights(models / "checkpoints" / f"{QUICK}.safetensors", KEYS["sdxl"])
    write_weights(models / "loras" / "lcm-lora-sdv1-5.safetensors", LORA)
    own.start()
    own.wait_for_worker()
    own.wait(lambda: own.get("models?limit=1")["whole"], 60)
    yield own
    own.kill()


def said(view: View) -> Locator:
    return view.page.locator(".notice p")


def choose(view: View, name: str) -> None:
    view.field("model").select_option(name)


def test_a_model_says_what_it_set_and_one_click_takes_it_back(view: View):
    choose(view, "dream")
    names = ("steps", "cfg_scale", "sampler", "width")
    before = {name: view.field(name).input_value() for name in names}
    choose(view, QUICK)
    view.shows(steps=4, cfg_scale=1, sampler="Euler", width=1024)
    expect(said(view)).to_contain_text("Steps 4")
    expect(said(view)).to_contain_text("Sampler Euler")
    view.page.get_by_role("button", name="Undo").click()
    view.shows(**before)


def test_what_is_far_off_is_said_beside_it_and_nothing_is_changed(view: View):
    choose(view, QUICK)
    steps = view.find('[data-field="steps"] .suited')
    expect(steps).to_be_hidden()
    view.fill(steps=50, width=256, height=256, negative_prompt="blurry")
    expect(steps).to_contain_text("about 4 steps")
    expect(view.find(".size .suited")).to_contain_text("1024 × 1024")
    expect(view.find('[data-field="negative_prompt"] .suited')).to_contain_text(
        "counts for nothing"
    )
    view.shows(steps=50, width=256)
    view.fill(steps=5)
    expect(steps).to_be_hidden()


def test_fields_that_the_model_does_not_know_are_hidden(view: View):
    choose(view, "dream")
    view.page.evaluate(
        "document.querySelectorAll('details.fold').forEach(one => (one.open = true))"
    )
    expect(view.find('[data-field="clip_skip"]').first).to_be_visible()
    expect(view.find('[data-field="shift"]').first).to_be_hidden()


def test_settings_are_kept_for_a_model_and_forgotten(view: View, server: Server):
    choose(view, "dream")
    view.fill(steps=33, cfg_scale=5)
    view.button("Keep these settings for this model").first.click()
    expect(said(view)).to_contain_text("Steps 33")
    (kept,) = server.get("presets")["presets"]
    assert (kept["name"], kept["values"]["steps"]) == ("dream", 33)
    view.page.evaluate("localStorage.clear()")
    view.page.reload()
    choose(view, QUICK)
    choose(view, "dream")
    view.shows(steps=33, cfg_scale=5)
    view.button("Forget the kept settings").first.click()
    expect(view.field("steps")).to_have_value("20")
    assert server.get("presets")["presets"] == []


def test_a_well_known_model_is_asked_for_before_anything_is_fetched(view: View, server: Server):
    server.change_settings(downloads="off")
    try:
        before = view.field("model").input_value()
        choose(view, "known:sdxl")
        asked = view.page.locator("dialog.consent")
        expect(asked).to_contain_text("6.9 GB")
        expect(asked).to_contain_text("stabilityai/stable-diffusion-xl-base-1.0")
        expect(view.field("model")).to_have_value(before)
        asked.get_by_role("button", name="Download").click()
        expect(asked.get_by_role("alert")).not_to_be_empty()
        asked.get_by_role("button", name="Not now").click()
        expect(asked).to_have_count(0)
        assert view.jobs() == []
    finally:
        server.change_settings(downloads="owner")


def test_the_list_of_well_known_models(view: View):
    tab = view.tab("models")
    tab.button("Well-known models …").click()
    sheet = View(view.page, ".model-sheet")
    sheet.find("input[type=search]").fill("lcm")
    expect(sheet.find(".count")).to_have_text("2 models")
    expect(sheet.find(".known li").filter(has_text="Stable Diffusion 1.5")).to_contain_text("Here")
    assert violations(view) == []


def test_a_lora_that_makes_it_quick_offers_its_settings(view: View):
    tab = view.tab("models")
    card = tab.find(".model-card").filter(has_text="lcm-lora-sdv1-5")
    card.get_by_role("button", name=re.compile("Add to prompt")).click()
    expect(said(view)).to_contain_text("Sampler LCM")
    view.page.locator(".notice").get_by_role("button", name="Use them").click()
    home = view.tab("txt2img")
    home.shows(sampler="LCM", steps=6, cfg_scale=1)
    view.page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(home.field("sampler")).not_to_have_value("LCM")


def test_a_model_is_defined_changed_given_away_and_used(view: View, server: Server):
    tab = view.tab("models")
    tab.find(".model-card .title").first.wait_for()
    tab.button("Define a model …").click()
    sheet = View(view.page, ".model-sheet")
    sheet.button("Save").click()
    expect(sheet.find('[data-field="name"] .problem')).to_contain_text("empty")
    sheet.fill(name="Dream, quick", steps=7)
    sheet.field("base").select_option("dream")
    sheet.button("Add a LoRA").click()
    sheet.fill(weight=0.8)
    sheet.button("Save").click()
    expect(sheet.find("h2")).to_have_count(0)
    card = tab.find(".model-card").filter(has_text="Dream, quick")
    card.locator(".face").click()
    sheet.button("Change the definition").click()
    expect(sheet.field("name")).to_have_value("Dream, quick")
    file = view.page.request.get(sheet.find("a.quiet").get_attribute("href") or "").text()
    assert 'base = "dream"' in file and "lcm-lora-sdv1-5" in file
    sheet.fill(steps=8)
    sheet.button("Save").click()
    expect(sheet.find("h2")).to_have_count(0)
    home = view.tab("txt2img")
    choose(home, "Dream, quick")
    home.shows(steps=8)


def test_a_file_is_taken_in_and_what_it_lacks_is_offered(view: View, server: Server):
    tab = view.tab("models")
    tab.button("Define a model …").click()
    sheet = View(view.page, ".model-sheet")
    text = 'name = "Given"\nbase = "sd_xl_base_1.0"\nfamily = "sdxl"\n'
    given: Any = {"name": "x.easel.toml", "mimeType": "application/toml", "buffer": text.encode()}
    broken: Any = {**given, "buffer": b"name = "}
    sheet.find("input[type=file]").set_input_files(broken)
    expect(sheet.find("[role=alert]").first).to_contain_text("defines no model")
    sheet.find("input[type=file]").set_input_files(given)
    expect(sheet.find("h2")).to_have_count(0)
    card = tab.find(".model-card").filter(has_text="Given")
    expect(card).to_contain_text("sd_xl_base_1.0")
    card.locator(".face").click()
    sheet.button("Change the definition").click()
    sheet.find(".missing button").click()
    asked = view.page.locator("dialog.consent")
    expect(asked).to_contain_text("stabilityai/stable-diffusion-xl-base-1.0")
    asked.get_by_role("button", name="Not now").click()
    assert view.jobs() == []


def test_it_is_readable_on_a_phone(visitors: Callable[..., Visitor]):
    view = visitors(**PHONE).open()
    choose(view, QUICK)
    view.fill(steps=50)
    expect(view.find('[data-field="steps"] .suited')).to_be_visible()
    assert violations(view) == []
    tab = view.tab("models")
    tab.button("Define a model …").click()
    expect(view.page.locator(".model-sheet h2")).to_be_visible()
    assert violations(view) == []
