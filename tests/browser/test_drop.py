"""The picture field of forms: drop, paste, choose, take out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.bench import Bench, encoded, noise
from tests.browser.conftest import View

GIVE = """([kind, texts]) => {
  const data = new DataTransfer();
  texts.forEach((text, i) => {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    data.items.add(new File([bytes], `${kind}${i}.png`, { type: "image/png" }));
  });
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  (kind === "drop" ? f.element : document.activeElement).dispatchEvent(event);
}"""
NAMES = "[f.read()].flat().map(file => file && file.name)"


def place(one: Bench, multiple: bool) -> None:
    one.page.evaluate(
        """async multiple => {
          const { pictureField } = await import("/drop.js");
          window.told = [];
          window.f = pictureField({ name: "reference", label: "ui.editor.picture" }, { multiple });
          f.control.addEventListener("input", () => told.push("input"));
          document.querySelector("main").replaceChildren(f.element);
        }""",
        multiple,
    )


def give(one: Bench, kind: str, count: int) -> None:
    texts = [base64.b64encode(encoded(noise(8, 8, seed=i))).decode() for i in range(count)]
    one.page.evaluate(GIVE, [kind, texts])


@pytest.mark.parametrize("multiple", [False, True])
def test_pictures_come_and_go(bench: Callable[..., Bench], multiple: bool, tmp_path: Path):
    one = bench()
    place(one, multiple)
    empty: Any = [] if multiple else None
    assert one.ask("f.read()") == empty
    give(one, "drop", 2)
    assert one.ask(NAMES) == (["drop0.png", "drop1.png"] if multiple else ["drop0.png"])
    give(one, "paste", 1)  # the field has no focus: not for it
    assert "paste0.png" not in one.ask(NAMES)
    one.page.get_by_role("button", name="Picture Drop").focus()
    give(one, "paste", 1)
    assert one.ask(NAMES)[-1] == "paste0.png"
    (tmp_path / "chosen.png").write_bytes(encoded(noise(8, 8)))
    with one.page.expect_file_chooser() as chosen:
        one.page.locator(".drop-here").click()
    chosen.value.set_files(tmp_path / "chosen.png")
    one.page.wait_for_function(f"{NAMES}.includes('chosen.png')")
    assert len(one.ask(NAMES)) == one.page.locator(".held img").count() == (4 if multiple else 1)
    one.page.get_by_role("button", name="Remove chosen.png").click()
    assert one.ask(NAMES) == (["drop0.png", "drop1.png", "paste0.png"] if multiple else [None])
    assert one.ask("document.activeElement === f.control")
    assert one.ask("told.length") == 4


def test_a_paste_is_for_the_field_that_has_the_focus(bench: Callable[..., Bench]):
    one = bench().open(mode="view")
    field = one.page.evaluate_handle("document.querySelector('main').firstChild")
    place(one, multiple=False)
    one.page.evaluate("part => document.querySelector('main').prepend(part)", field)
    one.page.locator(".drop-here").focus()
    give(one, "paste", 1)
    assert one.ask(NAMES) == ["paste0.png"]
    assert not one.ask("e.hasPicture()")
    one.page.locator(".invite").focus()
    give(one, "paste", 1)
    one.page.wait_for_function("e.hasPicture()")
    one.ask("e.clear()")
    words = """() => {
      const data = new DataTransfer();
      data.items.add(new File(["x"], "x.png", { type: "image/png" }));
      data.setData("text/plain", "words");
      const box = document.body.appendChild(document.createElement("textarea"));
      const given = { clipboardData: data, bubbles: true, cancelable: true };
      const event = new ClipboardEvent("paste", given);
      box.dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    assert not one.ask(words)


def test_a_form_writes_without_being_told(bench: Callable[..., Bench]):
    one = bench()
    place(one, multiple=True)
    one.ask("f.write([new Blob(['x']), new File(['y'], 'y.png')])")
    assert one.ask("f.read().length") == 2
    expect(one.page.locator(".held li")).to_have_text(["Picture", "y.png"])
    one.ask("f.write(null)")
    assert one.ask("f.read()") == []
    expect(one.page.locator(".held")).to_be_hidden()
    assert one.ask("told") == []
    one.ask("f.blame('Too large.')")
    expect(one.page.locator(".problem")).to_have_text("Too large.")


def test_a_file_dropped_beside_does_not_replace_the_page(view: View):
    dragged = """file => {
      const data = new DataTransfer();
      if (file) data.items.add(new File(["x"], "x.png"));
      else data.setData("text/plain", "words");
      const given = { dataTransfer: data, bubbles: true, cancelable: true };
      const event = new DragEvent("dragover", given);
      document.body.dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    assert view.page.evaluate(dragged, True)
    assert not view.page.evaluate(dragged, False)
