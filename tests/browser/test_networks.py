"""LoRAs, embeddings and the VAE in the forms: named by the text, weighed in rows, chosen."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import Server, View, Visitor, free_port
from tests.browser.test_look import ENGLISH, PHONE, WIDE, small, violations
from tests.browser.test_models_tab import EMBEDDING, LORA, LORA_XL
from tests.browser.test_modules import run
from tests.checkpoints import KEYS, write_weights

MANY = 70


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    own = Server(tmp_path_factory.mktemp("networks"), free_port(), module="tests.serve_fake")
    models = own.data / "models"
    write_weights(models / "checkpoints" / "dream.safetensors", KEYS["sd1"])
    write_weights(models / "loras" / "style" / "Water.safetensors", LORA)
    (models / "loras" / "style" / "Water.json").write_text('{"preferred weight": 0.8}')
    write_weights(models / "loras" / "Large.safetensors", LORA_XL)
    for number in range(MANY):
        write_weights(models / "loras" / f"l{number:02d}.safetensors", LORA)
    write_weights(models / "embeddings" / "easyneg.safetensors", EMBEDDING)
    write_weights(models / "vae" / "soft.safetensors", {"decoder.conv_in.weight": (2, 2)})
    own.start()
    own.wait_for_worker()
    own.wait(lambda: own.get("models?limit=1")["whole"], 60)
    yield own
    own.kill()


def row(view: View, name: str) -> Locator:
    return view.find(".network").filter(has=view.page.get_by_text(name, exact=True))


def txt2img(view: View) -> View:
    return View(view.page, "#tab-txt2img")


TAKEN_OUT = (
    ("a <lora:x:1>", 0, "a"),
    ("a, <lora:x:1>, b", 0, "a, b"),
    ("<lora:x:1>, b", 0, "b"),
    ("a <lora:x:1> b", 0, "a b"),
    ("a\n<lora:x:1>\nb", 0, "a\n\nb"),
    ("a, neg, (neg:1.2)", 1, "a, neg"),
    ("a, (neg : 1.2), b", 0, "a, b"),
    ("negative, neg", 0, "negative"),
)


def test_one_is_taken_out_of_a_text(view: View):
    for prompt, item, rest in TAKEN_OUT:
        text = json.dumps(prompt)
        found = f'm.without({text}, m.itemsIn({text}, ["neg"])[{item}])'
        assert run(view.page, "networks_text", found) == rest


def test_items_are_found_and_weighed(view: View):
    text = "(NEG:1.1) # <lora:no:1> neg\\n<lora:a b:0.5> <lyco:c> <lora:d:1:2> <lora:e:te=1> <x:y>"
    items = run(view.page, "networks_text", f'm.itemsIn("{text}", ["neg"])')
    told = [(one["kind"], one["name"], one["weight"]) for one in items]
    loras = [("lora", "a b", 0.5), ("lora", "c", 1), ("lora", "d", None), ("lora", "e", None)]
    assert told == [("embedding", "neg", 1.1), *loras]
    weighed = f'[0, 1, 2].map(i => m.weighed("{text}", m.itemsIn("{text}", ["neg"])[i], 1))'
    first, second, third = run(view.page, "networks_text", weighed)
    assert first.startswith("NEG # ")
    assert "<lora:a b:1>" in second and "<lyco:c:1>" in third


def test_the_text_is_the_truth(view: View):
    view = txt2img(view)
    view.fill(prompt="a lake <lora:water:0.8>, <lora:nowhere:1>", negative_prompt="(easyneg:1.2)")
    water = row(view, "Water")
    expect(water.locator("input.number")).to_have_value("0.8")
    expect(row(view, "nowhere")).to_have_class(re.compile("bad"))
    expect(row(view, "nowhere").locator(".said")).to_contain_text("It is not there")
    water.locator("input.number").fill("1.25")
    expect(view.field("prompt")).to_have_value("a lake <lora:water:1.25>, <lora:nowhere:1>")
    water.locator("input.slider").press("ArrowRight")
    expect(view.field("prompt")).to_have_value("a lake <lora:water:1.3>, <lora:nowhere:1>")
    row(view, "easyneg").locator("input.number").fill("1")
    view.shows(negative_prompt="easyneg")
    row(view, "nowhere").get_by_role("button").click()
    view.shows(prompt="a lake <lora:water:1.3>")
    expect(view.field("prompt")).to_be_focused()
    view.page.get_by_role("button", name="Undo").click()
    view.shows(prompt="a lake <lora:water:1.3>, <lora:nowhere:1>")
    view.fill(prompt="a lake")
    expect(view.find(".network")).to_have_count(1)  # of the negative prompt
    view.page.reload()
    expect(row(view, "easyneg")).to_be_visible()


def test_they_are_chosen_in_a_sheet(view: View):
    view = txt2img(view)
    view.field("model").select_option("dream")
    view.fill(prompt="a lake")
    view.button("LoRA, embedding").click()
    sheet = View(view.page, ".picker")
    expect(sheet.find(".search input")).to_be_focused()
    expect(sheet.find(".count")).to_contain_text(f"{MANY + 1} models Write more words")
    sheet.field("fits").uncheck()
    expect(sheet.find(".count")).to_contain_text(f"{MANY + 2} models")
    sheet.field("fits").check()
    sheet.find(".search input").fill("large")
    expect(sheet.find(".found-models")).to_contain_text("Nothing fits")
    sheet.find(".search input").fill("water")
    sheet.button("Add: Water").click()
    view.shows(prompt="a lake <lora:style/Water:0.8>")
    expect(sheet.button("Add: Water")).to_have_attribute("aria-pressed", "true")
    expect(sheet.button("Add: Water")).to_be_focused()
    sheet.button("Add: Water").click()
    view.shows(prompt="a lake")
    sheet.find(".search input").fill("")
    sheet.choose("kind", "embedding")
    sheet.button("Negative: easyneg").click()
    view.shows(prompt="a lake", negative_prompt="easyneg")
    expect(sheet.button("Negative: easyneg")).to_have_attribute("aria-pressed", "true")
    expect(sheet.button("Add: easyneg")).to_have_attribute("aria-pressed", "false")
    view.page.keyboard.press("Escape")
    expect(view.button("LoRA, embedding")).to_be_focused()


def test_every_tab_that_draws_has_them(view: View):
    for name in ("img2img", "inpaint"):
        tab = view.tab(name)
        tab.button("LoRA, embedding").click()
        sheet = View(view.page, ".picker")
        sheet.field("fits").uncheck()
        sheet.find(".search input").fill("large")
        sheet.button("Add: Large").click()
        view.page.keyboard.press("Escape")
        expect(tab.field("prompt")).to_have_value("<lora:Large:1>")
        expect(tab.field("vae")).to_have_count(1)


def test_what_is_missing_is_told_at_the_prompt(view: View):
    view = txt2img(view)
    view.fill(prompt="a lake <lora:watr:1>")
    view.generate()
    expect(view.find('[data-field="prompt"] .problem')).to_have_text(
        "There is no LoRA “watr”: did you mean style/Water?"
    )
    assert view.jobs() == []


def test_the_vae_is_chosen_kept_and_sent(view: View):
    view = txt2img(view)
    view.find(".fold summary").filter(has_text="More").click()
    menu = view.field("vae")
    expect(menu.locator("option")).to_have_text(["Automatic", "The model's own", "soft"])
    menu.select_option("soft")
    view.fill(prompt="a lake", steps=1)
    with view.page.expect_request(lambda one: one.url.endswith("/jobs")) as asked:
        view.generate()
    assert (asked.value.post_data_json or {})["vae"] == "soft"
    file = run(view.page, "vae", "(f => (f.write('soft.safetensors'), f.read()))(m.vaeField({}))")
    assert file == "soft"


def test_the_menu_of_vaes_is_whole_when_all_files_are_read(view: View):
    asked: list[str] = []

    def in_pieces(route: Route) -> None:
        asked.append(route.request.url)
        piece = {"entries": [], "total": 0, "whole": False}
        route.fulfill(json=piece) if len(asked) == 1 else route.continue_()

    view.page.route("**/api/v1/models?kind=vae*", in_pieces)
    view.page.reload()
    expect(txt2img(view).field("vae").locator("option")).to_have_count(3)


@pytest.mark.parametrize("where", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(visitors: Callable[..., Visitor], where: dict[str, Any]):
    view = visitors(reduced_motion="reduce", locale="pl-PL", **where).open()
    view = txt2img(view)
    view.fill(prompt="<lora:water:0.8> <lora:nowhere:1> <lora:l01:1:2>", negative_prompt="easyneg")
    expect(row(view, "easyneg")).to_be_visible()
    assert violations(view) == []
    desk = expect(view.find(".desk"))
    desk.not_to_contain_text(re.compile(ENGLISH), use_inner_text=True)
    view.find(".pick").click()
    sheet = View(view.page, ".picker")
    sheet.find(".found-models strong").first.wait_for()
    assert violations(sheet) == []
    assert sheet.find("h2").evaluate("one => one.closest('dialog').scrollWidth") <= 440
    if where:
        view.page.wait_for_function(f"{WIDE} === 390")
        assert small(view) == []
