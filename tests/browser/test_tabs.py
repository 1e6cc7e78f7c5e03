"""Image info, Extensions, Settings."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Server, View, Visitor

CHOOSE = "#tab-image_info input[type=file]"


@pytest.fixture
def clean_settings(server: Server) -> Iterator[None]:
    before = server.get("settings")
    yield
    server.change_settings(**before)


def made(view: View) -> bytes:
    view.fill(prompt="a red heart", negative_prompt="people", seed=77, steps=3, width=72, height=64)
    view.field("sampler").select_option("Euler")
    view.generate()
    view.wait_for_pictures(1)
    view.wait_until_idle()
    return view.picture(view.jobs()[0]["pictures"][0]["id"])


def test_a_picture_tells_how_it_was_made_and_fills_the_form(
    visitors: Callable[..., Visitor], tmp_path: Path
):
    file = tmp_path / "heart.png"
    file.write_bytes(made(visitors().open()))
    view = visitors().open()
    view.show("image_info")
    view.page.locator(CHOOSE).set_input_files(file)
    table = view.page.locator("#tab-image_info .parameters")
    for words in ("a red heart", "people", "77", "Euler", "72x64"):
        expect(table).to_contain_text(words)
    view.page.get_by_text("As text").click()
    expect(view.page.locator(".raw")).to_contain_text("Steps: 3, Sampler: Euler")
    view.page.locator("#tab-image_info").get_by_role("button", name="Text to image").click()
    expect(view.page.locator(".notice")).to_contain_text("are in the form")
    names = ("prompt", "negative_prompt", "seed", "steps", "width", "height", "sampler")
    values = ("a red heart", "people", 77, 3, 72, 64, "Euler")
    view.shows(**dict(zip(names, values, strict=True)))
    expect(view.page.locator("#tab-txt2img-button")).to_have_attribute("aria-selected", "true")
    view.generate()
    view.wait_for_pictures(1)
    again = view.picture(view.jobs()[0]["pictures"][0]["id"])
    assert again == file.read_bytes()


def test_a_result_goes_to_image_info_and_back(view: View):
    made(view)
    view.page.locator(".caption").get_by_role("button", name="Image info").click()
    expect(view.page.locator("#tab-image_info .parameters")).to_contain_text("a red heart")
    view.page.reload()
    expect(view.page.locator("#tab-image_info-button")).to_have_attribute("aria-selected", "true")


def test_what_is_not_here_is_named(view: View, tmp_path: Path):
    file = tmp_path / "foreign.png"
    words = (
        "a cat\nNegative prompt: dog\nSteps: 12, Sampler: Zebra, CFG scale: 5, Seed: 1, "
        "Size: 512x640, Model hash: 0123456789, Model: nowhere"
    )
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("parameters", words)
    Image.new("RGB", (8, 8)).save(file, pnginfo=info)
    view.show("image_info")
    view.page.locator(CHOOSE).set_input_files(file)
    view.page.locator("#tab-image_info").get_by_role("button", name="Text to image").click()
    expect(view.page.locator(".notice")).to_contain_text("Model nowhere, Sampler Zebra")
    expect(view.field("height")).to_have_value("640")
    expect(view.field("model")).to_have_value("easel-demo")
    view.page.get_by_role("button", name="Undo").click()
    expect(view.field("height")).to_have_value("128")


def test_a_picture_without_parameters_and_a_file_that_is_no_picture(view: View, tmp_path: Path):
    plain, bad = tmp_path / "plain.png", tmp_path / "bad.png"
    Image.new("RGB", (8, 8)).save(plain)
    bad.write_bytes(b"not a picture")
    view.show("image_info")
    view.page.locator(CHOOSE).set_input_files(plain)
    expect(view.page.locator(".found")).to_contain_text("says nothing")
    view.page.locator(CHOOSE).set_input_files(bad)
    expect(view.page.locator(".found .problem")).not_to_be_empty()


def test_an_extension_is_switched_off_and_on(view: View, clean_settings: None, server: Server):
    view.show("extensions")
    card = view.page.locator(".card", has_text="Wildcards and choices")
    expect(card).to_contain_text("enabled")
    card.get_by_role("switch").click()
    expect(card).to_contain_text("disabled")
    assert server.get("settings")["disabled_extensions"] == ["wildcards"]
    view.page.get_by_role("button", name="Load the page anew").click()
    expect(view.page.locator(".card", has_text="Wildcards and choices")).to_contain_text("disabled")
    view.show("txt2img")
    expect(view.page.locator("summary", has_text="Wildcards")).to_have_count(0)
    view.show("extensions")
    card.get_by_role("switch").click()
    expect(card).to_contain_text("enabled")


def test_settings_are_saved_at_once(view: View, clean_settings: None, server: Server):
    view.show("settings")
    place = view.page.locator("#tab-settings")
    format = place.get_by_label("Image format")
    format.select_option("webp")
    expect(place.get_by_text("Saved", exact=True)).to_be_visible()
    assert server.get("settings")["image_format"] == "webp"
    quality = place.get_by_role("spinbutton", name="Quality")
    quality.fill("500")
    quality.press("Tab")
    expect(quality).to_have_attribute("aria-invalid", "true")
    assert server.get("settings")["image_quality"] == 90
    view.show("txt2img")
    made(view)
    assert view.jobs()[0]["pictures"][0]["media_type"] == "image/webp"


def test_the_language_is_a_setting(view: View, clean_settings: None):
    view.show("settings")
    view.page.locator("#tab-settings").get_by_label("Language").select_option("pl")
    expect(view.page.get_by_role("tab", name="Ustawienia")).to_be_visible()
    expect(view.page.locator("html")).to_have_attribute("lang", "pl")
    view.show("txt2img")
    expect(view.page.locator(".generate")).to_have_text("Generuj")
    view.show("settings")
    view.page.locator("#tab-settings").get_by_label("Język").select_option("auto")
    expect(view.page.get_by_role("tab", name="Settings")).to_be_visible()


def test_folders_of_models_are_a_list_of_lines(view: View, server: Server):
    view.show("settings")
    place = view.page.locator("#tab-settings")
    folders = place.get_by_label("More folders of models")
    folders.fill("/a folder/żółw\n\n  ~/ComfyUI \n")
    folders.press("Tab")
    expect(place.get_by_text("Saved", exact=True)).to_be_visible()
    assert server.get("settings")["model_folders"] == ["/a folder/żółw", "~/ComfyUI"]
    view.page.reload()
    view.show("settings")
    expect(folders).to_have_value("/a folder/żółw\n~/ComfyUI")
    server.change_settings(model_folders=[])


def test_the_theme_is_a_choice_of_the_browser(view: View):
    view.show("settings")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = view.page.evaluate(paper)
    view.page.locator("#tab-settings").get_by_label("Theme").select_option("dark")
    expect(view.page.locator("body.dark")).to_have_count(1)
    view.page.wait_for_function(f"light => {paper} !== light", arg=light)
    view.page.reload()
    expect(view.page.locator("body.dark")).to_have_count(1)
