"""Models: found among thousands, known in detail, used, noted about and deleted."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Server, View, Visitor, free_port
from tests.browser.test_look import ENGLISH, PHONE, WIDE, small, violations
from tests.checkpoints import KEYS, write_weights
from webui.library.blocks import read_blocks

LORA = {"lora_unet_down_blocks_1_attentions_0_attn2_to_k.lora_down.weight": (4, 768)}
LORA_XL = {"lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight": (4, 2048)}
EMBEDDING = {"emb_params": (3, 768)}
MANY = 2000
FAR = r"""far => {
  const cards = [...document.querySelectorAll("#tab-models .model-card")];
  const names = cards.map(one => one.querySelector(".title")?.innerText ?? "");
  const shown = names.filter(one => /^l\d{4}$/.test(one)).map(one => Number(one.slice(1)));
  return shown[1] > far && !cards.some(one => one.querySelector("[aria-busy]")) && shown;
}"""
"""The numbers of those in sight, once they are there and all of them later than one."""
MOST_CARDS = 90
"""In the document, whatever the number of models: what is in sight and a little more."""


def fill(models: Path) -> None:
    for family in ("sd1", "sdxl"):
        write_weights(models / "checkpoints" / f"dream-{family}.safetensors", KEYS[family])
    card = {"title": {"en": "Dream One"}, "steps": 7, "cfg_scale": 3.5, "licence": "CC0"}
    (models / "checkpoints" / "dream-sd1.easel.json").write_text(json.dumps(card))
    broken = write_weights(models / "checkpoints" / "broken.safetensors", KEYS["sd1"])
    broken.write_bytes(broken.read_bytes()[:-1])
    loras = models / "loras"
    write_weights(loras / "style" / "Water.safetensors", LORA)
    told = {"activation text": "watercolour, wet paper", "preferred weight": 0.8}
    (loras / "style" / "Water.json").write_text(json.dumps(told))
    Image.new("RGB", (300, 400), "teal").save(loras / "style" / "Water.png")
    write_weights(loras / "old.safetensors", LORA)
    for number in range(MANY):
        write_weights(loras / "many" / f"l{number:04d}.safetensors", (LORA, LORA_XL)[number % 2])
    write_weights(models / "embeddings" / "neg" / "easyneg.safetensors", EMBEDDING)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with many models, none of which is ever loaded: its worker is the tests' own."""
    own = Server(tmp_path_factory.mktemp("models"), free_port(), module="tests.serve_fake")
    fill(own.data / "models")
    own.start()
    own.wait_for_worker()
    own.wait(lambda: own.get("models?limit=1")["whole"], 60)
    yield own
    own.kill()


@pytest.fixture
def tab(view: View) -> View:
    return opened(view)


def opened(view: View) -> View:
    tab = view.tab("models")
    tab.find(".model-card .title").first.wait_for()
    return tab


def card(tab: View, title: str) -> Locator:
    return tab.find(".model-card").filter(has=tab.page.get_by_text(title, exact=True))


def search(tab: View, words: str, count: int) -> None:
    tab.find(".search input").fill(words)
    expect(tab.find(".count")).to_have_text(re.compile(rf"^{count:,} model"))


def sheet_of(tab: View, title: str) -> View:
    search(tab, title, 1)
    card(tab, title).locator(".face").click()
    sheet = View(tab.page, ".model-sheet")
    expect(sheet.find("h2")).to_have_text(title)
    return sheet


def prompt(tab: View, where: str = "txt2img", name: str = "prompt") -> Locator:
    return tab.page.locator(f"#tab-{where} [data-field={name}] textarea")


def titles(tab: View) -> Locator:
    return tab.find(".model-card .title")


def test_a_card_says_what_it_is(tab: View):
    tab.choose("kind", "checkpoint")
    expect(tab.find(".count")).to_have_text("4 models")
    expect(titles(tab)).to_have_text(["broken", "Dream One", "dream-sdxl", "Easel demo"])
    expect(card(tab, "dream-sdxl").locator(".facts")).to_have_text(
        re.compile(r"^Checkpoint · SDXL · \d")
    )
    expect(card(tab, "broken").locator(".why")).to_contain_text("broken.safetensors is cut off")
    expect(card(tab, "broken").locator(".mark")).to_have_text("Cannot be used")
    expect(card(tab, "broken").get_by_role("button")).to_have_count(1)
    expect(card(tab, "Dream One").locator(".mark")).to_have_text("Default")
    search(tab, "water", 0)
    tab.choose("kind", "lora")
    expect(card(tab, "Water").locator("img")).to_have_js_property("naturalWidth", 288)


def test_of_thousands_only_those_in_sight_are_there(tab: View):
    tab.choose("kind", "lora")
    expect(tab.find(".count")).to_have_text("2,002 models")
    asked: list[str] = []
    tab.page.on("request", lambda one: asked.extend([one.url] if "/models?" in one.url else []))
    assert tab.find(".model-card").count() < MOST_CARDS
    tab.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(card(tab, "Water")).to_be_in_viewport()  # the last one by its folder
    assert tab.find(".model-card").count() < MOST_CARDS
    for share in range(40):  # pulled by the scroll bar
        tab.page.evaluate(f"scrollTo(0, document.documentElement.scrollHeight * {share / 80})")
    found = tab.page.wait_for_function(FAR, arg=500).json_value()
    assert found[1:] == list(range(found[1], found[-1] + 1))
    assert len(asked) < 10, asked  # not all that was passed


def test_words_family_and_order(tab: View):
    search(tab, "l00 many", 100)
    expect(tab.find('[data-field="kind"] label').nth(2)).to_have_text("LoRAs100")
    tab.field("family").select_option("sdxl")
    expect(tab.find(".count")).to_have_text("50 models")
    for place, title in enumerate(("l0001", "l0003")):
        expect(titles(tab).nth(place)).to_have_text(title)
    tab.field("family").select_option("")
    search(tab, "dream", 2)
    tab.field("sort").select_option("largest")
    expect(tab.find(".model-card .title").first).to_have_text("dream-sdxl")
    tab.page.reload()
    tab = opened(tab)
    expect(tab.field("sort")).to_have_value("largest")
    search(tab, "no such thing", 0)
    expect(tab.find(".empty-of h3")).to_have_text("Nothing fits")
    tab.button("Show all").click()
    expect(tab.find(".model-card").first).to_be_visible()


def test_rarer_kinds_stand_there_where_there_are_some(tab: View, server: Server):
    kinds = tab.find('[data-field="kind"] label:visible')
    expect(kinds).to_have_count(7)
    file = server.data / "models" / "text_encoders" / "t5.safetensors"
    write_weights(file, {"encoder.block.0.layer.0.SelfAttention.q.weight": (2, 2)})
    tab.button("Look at the folders again").click()
    expect(kinds).to_have_count(8)
    expect(kinds.last).to_have_text("Text encoders1")
    tab.choose("kind", "text_encoder")
    expect(card(tab, "t5").locator(".facts")).to_have_text(re.compile("^Text encoder · T5"))
    file.unlink()
    tab.button("Look at the folders again").click()
    expect(tab.find(".count")).to_have_text("0 models")


def test_keys_go_through_all_of_them(tab: View):
    tab.choose("kind", "lora")
    expect(tab.find(".count")).to_have_text("2,002 models")
    tab.find(".models-bar button").last.focus()
    tab.page.keyboard.press("Tab")
    now = tab.page.locator(":focus")
    expect(now).to_contain_text("l0000")
    tab.page.keyboard.press("ArrowRight")
    expect(now).to_contain_text("l0001")
    tab.page.keyboard.press("ArrowDown")
    expect(now).to_contain_text(re.compile(r"l000[3-9]"))
    tab.page.keyboard.press("PageDown")
    tab.page.keyboard.press("PageDown")
    expect(now).to_be_in_viewport(ratio=1)
    tab.page.keyboard.press("End")
    expect(now).to_contain_text("Water")
    expect(now).to_be_in_viewport(ratio=1)
    tab.page.keyboard.press("Tab")
    expect(now).to_have_text("Add to prompt")
    tab.page.keyboard.press("Shift+Tab")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".model-sheet h2")).to_have_text("Water")
    tab.page.keyboard.press("Escape")
    expect(now).to_contain_text("Water")
    tab.page.keyboard.press("Home")
    expect(now).to_contain_text("l0000")


def test_a_checkpoint_is_used_with_what_suits_it(tab: View):
    tab.page.locator("#tab-txt2img-button").click()
    txt2img = View(tab.page, "#tab-txt2img")
    txt2img.field("model").select_option("easel-demo")
    tab = opened(tab)
    search(tab, "Dream One", 1)
    tab.button("Use: Dream One").click()
    expect(txt2img.field("model")).to_be_visible()
    expect(txt2img.field("model")).to_have_value("dream-sd1")
    expect(txt2img.field("steps")).to_have_value("7")
    expect(tab.tab("img2img").field("model")).to_have_value("dream-sd1")
    tab.page.locator("#tab-txt2img-button").click()
    tab.page.get_by_role("button", name="Undo").click()
    expect(txt2img.field("model")).to_have_value("easel-demo")
    expect(txt2img.field("steps")).not_to_have_value("7")


def test_a_default_is_set_and_taken_back(tab: View, server: Server):
    sheet = sheet_of(tab, "dream-sdxl")
    sheet.button("Set as default").click()
    expect(sheet.find(".mark")).to_have_text("Default")
    assert server.get("settings")["default_model"] == "dream-sdxl"
    sheet.button("Undo").click()
    expect(sheet.find(".notice")).to_be_empty()
    expect(card(tab, "dream-sdxl").locator(".mark")).to_have_count(0)
    assert server.get("settings")["default_model"] is None


def test_a_lora_goes_into_the_prompt(tab: View):
    box = prompt(tab)
    tab.page.locator("#tab-txt2img-button").click()
    box.fill("a lake, ")
    tab = opened(tab)
    search(tab, "Water", 1)
    tab.button("Add to prompt: Water").click()
    expect(box).to_have_value("a lake, watercolour, wet paper <lora:style/Water:0.8>")
    card(tab, "Water").locator(".face").click()
    sheet = View(tab.page, ".model-sheet")
    expect(sheet.field("weight")).to_have_value("0.8")
    sheet.fill(weight=1.25)
    sheet.button("Add to prompt").click()
    expect(tab.page.locator(".notice")).to_contain_text("Text to image")
    expect(box).to_have_value("a lake, watercolour, wet paper <lora:style/Water:1.25>")
    tab.page.get_by_role("button", name="Undo").click()
    expect(box).to_have_value("a lake, watercolour, wet paper <lora:style/Water:0.8>")


def test_words_are_added_one_by_one_or_not_at_all(tab: View):
    sheet = sheet_of(tab, "Water")
    sheet.field("words").uncheck()
    sheet.button("Add to prompt").click()
    expect(prompt(tab)).to_have_value(re.compile(r"<lora:style/Water:0.8>$"))
    expect(prompt(tab)).not_to_have_value(re.compile("wet paper"))
    card(tab, "Water").locator(".face").click()
    sheet.find(".chip").first.click()
    expect(prompt(tab)).to_have_value(re.compile(r"watercolour.* <lora:style/Water:0.8>$"))
    sheet.find(".chip").first.click()
    expect(sheet.find(".notice")).to_contain_text("has that already")


def test_what_is_added_goes_to_the_tab_that_was_used_last(tab: View):
    img2img = tab.tab("img2img")
    img2img.field("prompt").focus()
    tab = opened(tab)
    sheet = sheet_of(tab, "easyneg")
    sheet.fill(weight=1.2)
    sheet.button("Add to negative prompt").click()
    expect(tab.page.locator(".notice")).to_contain_text("Image to image")
    negative = prompt(tab, "img2img", "negative_prompt")
    expect(negative).to_have_value("(easyneg:1.2)")
    # Also where that tab is not there yet, after a new beginning.
    tab.page.reload()
    sheet = sheet_of(opened(tab), "easyneg")
    sheet.button("Add to prompt").click()
    expect(tab.page.locator(".notice")).to_contain_text("Image to image")
    tab.tab("img2img")
    expect(prompt(tab, "img2img")).to_have_value("easyneg")
    expect(negative).to_have_value("(easyneg:1.2)")


def test_details_hashes_and_notes(tab: View, server: Server):
    sheet = sheet_of(tab, "Water")
    facts = sheet.find("dl")
    expect(facts).to_contain_text("Water.safetensors")
    expect(facts).to_contain_text(str(server.data / "models" / "loras" / "style"))
    expect(facts).not_to_contain_text("SHA-256")
    sheet.button("Compute hashes").click()
    expect(facts).to_contain_text("SHA-256")
    expect(sheet.button("Compute hashes")).to_have_count(0)
    expect(facts).to_contain_text(server.get("models/lora/Water")["sha256"])
    expect(sheet.button("Save notes")).to_be_disabled()
    sheet.find(".notes textarea").fill("Żółw <b>lubi</b> deszcz")
    sheet.button("Save notes").click()
    expect(sheet.find(".notes [role=status]")).to_have_text("Saved")
    assert server.get("models/lora/Water")["notes"] == "Żółw <b>lubi</b> deszcz"
    tab.page.keyboard.press("Escape")
    search(tab, "lubi deszcz", 1)
    card(tab, "Water").locator(".face").click()
    expect(sheet.find(".notes textarea")).to_have_value("Żółw <b>lubi</b> deszcz")


def test_what_is_deleted_can_be_had_back(tab: View, server: Server):
    file = server.data / "models" / "loras" / "old.safetensors"
    sheet = sheet_of(tab, "old")
    sheet.button("Delete").click()
    expect(tab.page.locator(".notice")).to_contain_text("old is in the trash")
    expect(tab.find(".count")).to_have_text("0 models")
    assert not file.exists()
    tab.page.get_by_role("button", name="Undo").click()
    expect(tab.page.locator(".notice")).to_contain_text("old is back")
    expect(tab.find(".count")).to_have_text("1 model")
    assert file.exists()
    sheet = sheet_of(tab, "Easel demo")
    sheet.button("Delete").click()
    expect(sheet.find(".alert")).to_contain_text("comes with Easel and stays")
    assert server.get("models/checkpoint/easel-demo") is not None


def test_where_there_is_nothing_it_says_where_files_go(tab: View, server: Server):
    tab.choose("kind", "vae")
    expect(tab.find(".empty-of code")).to_have_text(str(server.data / "models" / "vae"))
    write_weights(
        server.data / "models" / "vae" / "soft.safetensors", {"decoder.conv_in.weight": (2, 2)}
    )
    tab.button("Look at the folders again").click()
    expect(card(tab, "soft")).to_be_visible()
    expect(tab.find(".empty-of")).to_be_hidden()


@pytest.mark.parametrize("where", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(visitors: Callable[..., Visitor], where: dict[str, Any]):
    view = visitors(reduced_motion="reduce", locale="pl-PL", **where).open()
    tab = opened(view)
    assert violations(tab) == []
    body = expect(tab.page.locator("body"))
    body.not_to_contain_text(re.compile(ENGLISH), use_inner_text=True)
    for title in ("Water", "easyneg", "broken"):
        tab.find(".search input").fill(title)
        expect(tab.find(".count")).to_have_text("1 model")
        if where:
            tab.page.wait_for_function(f"{WIDE} === 390")
            assert small(tab) == []
        card(tab, title).locator(".face").click()
        sheet = View(tab.page, ".model-sheet")
        expect(sheet.find("h2")).to_have_text(title)
        assert violations(tab) == [], title
        assert small(tab) == [] or not where
        assert sheet.find("h2").evaluate("one => one.closest('dialog').scrollWidth") <= 440
        tab.page.keyboard.press("Escape")
    tab.choose("kind", "upscaler")
    tab.find(".empty-of").wait_for()
    assert violations(tab) == []


def test_a_download_is_asked_for_and_stopped(tab: View, server: Server):
    tab.button("Download …").click()
    sheet = View(tab.page, ".model-sheet")
    expect(sheet.field("source")).to_be_focused()
    assert violations(sheet) == []
    sheet.fill(source="no address")
    sheet.button("Download").click()
    expect(sheet.find('[data-field="source"] .problem')).not_to_be_empty()
    sheet.fill(source="https://localhost:9/dream.safetensors")
    sheet.button("Download").click()
    expect(tab.page.locator(".notice")).not_to_be_empty()
    newest = tab.until(lambda: next((one for one in tab.jobs() if one["state"] == "failed"), None))
    assert newest["request"]["source"] == "https://localhost:9/dream.safetensors"
    expect(tab.find(".work")).to_be_hidden()  # nobody answers there: it is over, and it is said why
    expect(tab.page.locator(".notice")).to_contain_text("localhost")


def test_a_merge_asks_for_what_its_method_needs(tab: View):
    tab.button("Merge …").click()
    sheet = View(tab.page, ".model-sheet")
    expect(sheet.field("model_c")).to_be_hidden()
    sheet.field("method").select_option("add_difference")
    expect(sheet.field("model_c")).to_be_visible()
    expect(sheet.field("multiplier_2")).to_be_hidden()
    sheet.field("model_a").select_option("dream-sd1")
    sheet.field("model_b").select_option("dream-sdxl")
    sheet.field("model_c").select_option("easel-demo")
    sheet.fill(multiplier=0.3)
    recipe = sheet.find(".recipe")
    expect(recipe).to_have_text("dream-sd1 + 0.3 · (dream-sdxl − easel-demo)")
    sheet.find("summary").filter(has_text="Multipliers of blocks").click()
    expect(sheet.find(".sliders label")).to_have_count(25)
    expect(sheet.find(".sliders output").first).to_have_text("0.3")
    sheet.find('[data-field="_preset"] select').select_option("GRAD_V")
    expect(sheet.field("blocks")).to_have_value("GRAD_V")
    expect(sheet.find(".sliders output").first).to_have_text("1")
    sheet.find("summary").filter(has_text="Text encoder and VAE").click()
    sheet.field("text_encoder").select_option("a")
    expect(recipe).to_contain_text("blocks GRAD_V; Text encoder of dream-sd1")
    assert violations(sheet) == []
    with tab.page.expect_request(lambda one: one.method == "POST") as asked:
        sheet.button("Merge").click()
    request: dict[str, Any] = asked.value.post_data_json or {}
    models = [request[f"model_{letter}"] for letter in "abc"]
    assert models == ["dream-sd1", "dream-sdxl", "easel-demo"]
    assert (request["kind"], request["multiplier"]) == ("merge", 0.3)
    assert (request["blocks"], request["text_encoder"]) == ("GRAD_V", "a")
    assert "multiplier_2" not in request and request["file_name"] is None


def test_blocks_are_read_as_the_server_reads_them(tab: View):
    tab.button("Merge …").click()
    sheet = View(tab.page, ".model-sheet")
    sheet.field("model_a").select_option("dream-sdxl")
    sheet.find("summary").filter(has_text="Multipliers of blocks").click()
    expect(sheet.find(".sliders label")).to_have_count(19)
    sheet.fill(blocks="in01:0.2; M00=1")
    expect(sheet.find(".sliders output").nth(1)).to_have_text("0.2")
    expect(sheet.find(".sliders output").nth(2)).to_have_text("0.5")
    expect(sheet.find('[data-field="_preset"] select')).to_have_value("own")
    sheet.find(".sliders input").nth(2).fill("0.75")
    expect(sheet.field("blocks")).to_have_value(re.compile(r"0\.75"))
    values = sheet.field("blocks").input_value().split(", ")
    assert values[:4] == ["0.5", "0.2", "0.75", "0.5"] and len(values) == 19
    assert tuple(read_blocks(", ".join(values), "sdxl").values()) == tuple(map(float, values))
    sheet.fill(blocks="IN99:1")
    expect(sheet.find(".sliders output").nth(1)).to_have_text("0.5")
    sheet.field("model_a").select_option("easel-demo")
    expect(sheet.find(".sliders label")).to_have_count(25)


def test_a_conversion_is_asked_for(tab: View):
    tab.button("Convert …").click()
    sheet = View(tab.page, ".model-sheet")
    sheet.field("model").select_option("dream-sd1")
    sheet.field("precision").select_option("fp8")
    expect(sheet.field("bake_vae")).to_be_visible()
    sheet.field("extract").select_option("vae")
    expect(sheet.field("bake_vae")).to_be_hidden()
    sheet.field("extract").select_option("")
    sheet.field("layout").select_option("folder")
    sheet.field("prune").check()
    assert violations(sheet) == []
    with tab.page.expect_request(lambda one: one.method == "POST") as asked:
        sheet.button("Convert").click()
    request: dict[str, Any] = asked.value.post_data_json or {}
    assert (request["kind"], request["model"]) == ("convert", "dream-sd1")
    assert (request["precision"], request["prune"], request["extract"]) == ("fp8", True, None)
    assert request["layout"] == "folder"


def test_several_are_chosen_and_deleted(tab: View, server: Server):
    search(tab, "l000", 10)
    tab.button("Select").click()
    expect(tab.find(".chosen")).to_have_text("0 models selected")
    expect(tab.button("Delete …")).to_be_disabled()
    for title in ("l0001", "l0002", "l0003"):
        card(tab, title).locator(".face").click()
    card(tab, "l0002").locator(".face").click()
    expect(tab.find(".chosen")).to_have_text(re.compile(r"^2 models selected · \d+ kB$"))
    expect(card(tab, "l0003").locator(".face")).to_have_attribute("aria-pressed", "true")
    assert violations(tab) == []
    tab.button("Delete …").click()
    expect(tab.button("Keep")).to_be_focused()
    tab.button("Delete").click()
    expect(tab.page.locator(".notice")).to_contain_text("2 models are in the trash")
    expect(tab.find(".count")).to_have_text("8 models")
    assert not (server.data / "models" / "loras" / "many" / "l0001.safetensors").exists()
    tab.page.get_by_role("button", name="Undo").click()
    expect(tab.find(".count")).to_have_text("10 models")
    tab.find(".search input").fill("")
    expect(tab.find(".count")).to_have_text(re.compile("^2,00. models"))
    tab.button("Select").click()
    tab.button("Select all").click()
    expect(tab.find(".chosen")).to_contain_text(re.compile("^2,00. models selected"))
    tab.button("Done").click()
    expect(tab.find(".tick")).to_have_count(0)
