"""Words offered below the prompt while it is typed: keys, touch, a phone's width."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, Visitor, free_port

LIST = 'hatsune_miku,4,120000,"miku"\nhat,0,1000000,\nsaber_(fate),4,30000,\n'
WORDS = """async () => {
  const url = easel.scripts.find(one => one.url.includes("complete.js")).url;
  const { wordAt, replaced } = await import(url.replace("complete.js", "words.js"));
  const at = text => wordAt(text, text.length).text;
  return [
    at("a cat, red ha"), at("(hat"), at("[a:b"), at("x\\\\(f"), at("a <lora:ab"), at("a, "), at(""),
    replaced("a, ha, b", 5, "hat", true), replaced("ha", 2, "<lora:x:1>", true),
    replaced("(ha)", 3, "hat", true), replaced("ha b", 2, "hat", false),
  ];
}"""


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("tagged")
    (data / "tags").mkdir()
    (data / "tags" / "list.csv").write_text(LIST, encoding="utf-8")
    server = Server(data, free_port(), module="tests.serve_fake")
    server.start()
    yield server
    server.kill()


def opened(server: Server, chromium: Browser, **more: Any) -> Visitor:
    return Visitor(
        chromium.new_context(locale="en-US", base_url=server.address, **more), server.address
    )


def offered(page: Page):
    return page.get_by_role("listbox", name="Words that fit").get_by_role("option")


# Words are put in at once: letter by letter the list could come anew under the keys that choose.


def test_words_are_chosen_by_keys_and_typing_is_never_held_up(tagged: Server, chromium: Browser):
    visitor = opened(tagged, chromium)
    page = visitor.open().page
    box = page.locator("#tab-txt2img [data-field=prompt] textarea")
    box.fill("")
    page.keyboard.insert_text("a cat, hat")
    expect(offered(page).first).to_have_text("hat1M")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(offered(page).nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(box).to_have_value("a cat, hatsune miku, ")
    expect(offered(page)).to_have_count(0)
    page.keyboard.insert_text("sabe")
    expect(offered(page)).to_have_count(1)
    page.keyboard.press("Tab")
    expect(box).to_have_value(r"a cat, hatsune miku, saber \(fate\), ")
    page.keyboard.press("Control+z")
    expect(box).not_to_have_value(r"a cat, hatsune miku, saber \(fate\), ")
    box.fill("")
    page.keyboard.insert_text("hat")
    expect(offered(page).first).to_be_visible()
    page.keyboard.press("Enter")
    expect(box).to_have_value("hat\n")
    page.keyboard.insert_text("hat")
    expect(offered(page).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(offered(page)).to_have_count(0)
    expect(box).to_be_focused()
    kept = page.evaluate("localStorage['easel.txt2img.prompt']")
    assert "hat" in kept, "the form has noticed"
    words = page.evaluate(WORDS)
    assert words[:7] == ["red ha", "hat", "b", r"x\(f", "<lora:ab", "", ""]
    assert [one["text"] for one in words[7:]] == ["hat", "<lora:x:1>", "hat", "hat"]
    assert visitor.complaints == []
    page.context.close()


def test_a_finger_chooses_on_a_phone(tagged: Server, chromium: Browser):
    size: Any = {"width": 390, "height": 760}
    visitor = opened(tagged, chromium, viewport=size, has_touch=True)
    page = visitor.open().page
    box = page.locator("#tab-txt2img [data-field=prompt] textarea")
    box.fill("")
    box.tap()
    page.keyboard.insert_text("hats")
    expect(offered(page)).to_have_count(1)
    edge = page.get_by_role("listbox", name="Words that fit").bounding_box()
    assert edge and edge["x"] >= 0 and edge["x"] + edge["width"] <= 390
    offered(page).first.tap()
    expect(box).to_have_value("hatsune miku, ")
    expect(box).to_be_focused()
    assert visitor.complaints == []
    page.context.close()
