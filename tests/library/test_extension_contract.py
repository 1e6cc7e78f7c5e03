import pytest

from tests.core.test_plugins import extension
from webui.library import extension_contract
from webui.library.extension_contract import check_extension
from webui.library.extension_template import write_extension


def problems(folder) -> dict[str, str]:
    return {one.what: one.problem for one in check_extension(folder) if one.problem}


def test_a_new_extension_is_well_and_its_own_tests_ran(tmp_path):
    home = write_extension(tmp_path, "brighten")
    found = {one.what: one.problem for one in check_extension(home)}
    assert "its own tests" in found and "worker: participate" in found
    assert set(found.values()) == {""}


def test_what_is_wrong_is_told_by_what_was_tried(tmp_path):
    home = write_extension(tmp_path, "brighten")
    (home / "server.py").write_text("import torch", encoding="utf-8")
    worker = (home / "worker.py").read_text(encoding="utf-8")
    (home / "worker.py").write_text(worker.replace("(job:", "(wish:"), encoding="utf-8")
    (home / "locales").mkdir()
    (home / "locales/en.json").write_text('{"a": "A"}', encoding="utf-8")
    (home / "locales/pl.json").write_text("{}", encoding="utf-8")
    found = problems(home)
    assert "torch" in found["server: loads"]
    assert "wish" in found["worker: loads"]
    assert found["the same texts in all languages"] == "pl: a"
    assert "FAILED" in found["its own tests"]


@pytest.mark.parametrize("code", ["import os; os._exit(3)", "raise SystemExit(3)"])
def test_one_that_ends_the_process_is_told(tmp_path, code):
    extension(tmp_path, "bad", code)
    assert "server: loads" in problems(tmp_path / "bad")


def test_a_manifest_that_does_not_do_is_all_that_is_told(tmp_path):
    extension(tmp_path, "bad", api=9)
    assert list(problems(tmp_path / "bad")) == ["manifest"]


def test_a_family_by_the_name_of_ours_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(extension_contract, "_side", lambda folder, side: iter(()))
    home = write_extension(tmp_path, "maker")
    assert {one.what: one.problem for one in check_extension(home)}["families of its own"] == ""
    with (home / "extension.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[families]]\nname = "sdxl"\nmarks = ["m."]\n')
    found = {one.what: one.problem for one in check_extension(home)}
    assert found["families of its own"] == "sdxl is one of ours"
