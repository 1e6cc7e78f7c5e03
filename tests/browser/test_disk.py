"""The sheet about the disk: sizes, what is there twice, the trash."""

import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Server, View, Visitor, free_port
from tests.browser.test_look import ENGLISH, PHONE, WIDE, small, violations
from tests.browser.test_models_tab import LORA, opened, search, sheet_of
from tests.checkpoints import write_weights

LARGE = {next(iter(LORA)): (1000, 768)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    own = Server(tmp_path_factory.mktemp("disk"), free_port(), module="tests.serve_fake")
    loras = own.data / "models" / "loras"
    first = write_weights(loras / "sub" / "portrait.safetensors", LARGE)
    shutil.copy(first, loras / "copy.safetensors")
    for name in ("ant", "bee", "cow"):
        write_weights(loras / f"{name}.safetensors", LORA)
    own.start()
    own.wait_for_worker()
    own.wait(lambda: own.get("models?limit=1")["whole"], 60)
    yield own
    own.kill()


@pytest.fixture
def tab(view: View) -> View:
    return opened(view)


def disk_of(tab: View) -> View:
    tab.button("Disk …").click()
    sheet = View(tab.page, ".model-sheet")
    sheet.find(".spaces li").first.wait_for()
    return sheet


def test_what_is_there_twice_is_made_sure_and_deleted(tab: View, server: Server):
    sheet = disk_of(tab)
    expect(sheet.find(".spaces").first).to_contain_text("LoRA5")
    group = sheet.find(".group")
    expect(group.locator(".mark")).to_have_text("look the same")
    expect(group.locator("strong")).to_have_text(["copy", "portrait"])
    sheet.button("Compute all hashes").click()
    expect(group.locator(".mark")).to_have_text("the same")
    sheet.button("Delete copy").click()
    expect(group).to_have_count(0)
    expect(sheet.find(".trash strong")).to_have_text("copy")
    assert not (server.data / "models" / "loras" / "copy.safetensors").exists()
    sheet.button("Undo").click()
    expect(group).to_have_count(1)
    expect(sheet.find(".trash")).to_contain_text("The trash is empty")


def test_the_trash_asks_before_it_deletes(tab: View, server: Server):
    for name in ("ant", "bee"):
        sheet_of(tab, name).button("Delete").click()
        expect(tab.find(".count")).to_have_text("0 models")
    sheet = disk_of(tab)
    expect(sheet.find(".trash strong")).to_have_text(["bee", "ant"])
    sheet.button("Restore: bee").click()
    expect(sheet.find(".trash strong")).to_have_text(["ant"])
    sheet.button("Delete ant for good").click()
    expect(sheet.find(".trash [role=alert]")).to_have_text("Delete ant for good?")
    sheet.button("Keep").click()
    expect(sheet.find(".trash strong")).to_have_text(["ant"])
    sheet.button("Empty the trash …").click()
    expect(sheet.button("Keep")).to_be_focused()
    sheet.button("Delete for good").click()
    expect(sheet.find(".trash")).to_contain_text("The trash is empty")
    assert server.get("trash") == {"models": [], "bytes": 0}
    tab.page.keyboard.press("Escape")
    search(tab, "bee", 1)
    search(tab, "ant", 0)


@pytest.mark.parametrize("where", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(visitors: Callable[..., Visitor], where: dict[str, Any]):
    view = visitors(reduced_motion="reduce", locale="pl-PL", **where).open()
    tab = opened(view)
    tab.button("Dysk …").click()
    sheet = View(tab.page, ".model-sheet")
    sheet.find(".spaces li").first.wait_for()
    for one in sheet.find("summary").all():
        one.click()
    assert violations(sheet) == []
    expect(sheet.find(".disk")).not_to_contain_text(re.compile(ENGLISH), use_inner_text=True)
    assert sheet.find("h2").evaluate("one => one.closest('dialog').scrollWidth") <= 440
    if where:
        view.page.wait_for_function(f"{WIDE} === 390")
        assert small(sheet) == []
