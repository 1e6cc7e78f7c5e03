import sys

import pytest

from tests.core.test_plugins import SHOUT, extension
from webui.core.contract import findings

ODD = """
from pydantic import BaseModel
from webui.ext import Panel, hookimpl

class Needed(BaseModel):
    words: str

@hookimpl
def register_tabs():
    return ["a tab"]

@hookimpl
def register_panels():
    return [Panel({}, Needed)]
"""


@pytest.fixture(autouse=True)
def forget_modules():
    yield
    for name in [name for name in sys.modules if name.startswith("easel_extensions")]:
        del sys.modules[name]


def problems(folder, side):
    return {what: problem for what, problem in findings(folder, side) if problem}


def test_one_that_keeps_the_contract(tmp_path):
    extension(tmp_path, "shout", SHOUT)
    assert problems(tmp_path / "shout", "server").keys() <= {"no library of models"}
    assert problems(tmp_path / "shout", "worker") == {}


def test_what_hooks_give_is_looked_at(tmp_path):
    extension(tmp_path, "odd", ODD)
    found = problems(tmp_path / "odd", "server")
    assert found["register_tabs"] == "it gives str, not Tab"
    assert found["options have defaults"] == "no default: words"


def test_a_hook_that_raises_is_told_and_ends_it(tmp_path):
    extension(tmp_path, "bad", ODD.replace('return ["a tab"]', "return 1 / 0"))
    found = findings(tmp_path / "bad", "server")
    assert "ZeroDivisionError" in dict(found)["register_tabs"]


def test_a_participant_is_to_be_one(tmp_path):
    worker = "from webui.ext import hookimpl\n@hookimpl\ndef participate(job): return job"
    extension(tmp_path, "bad", worker=worker)
    assert "not a Participant" in problems(tmp_path / "bad", "worker")["participate"]


FAMILY = """
from webui.ext import hookimpl

class Family:
    name = "made"
    def load(self, info, device, progress): ...

@hookimpl
def register_families():
    return [Family()]
"""


def test_the_manifest_and_the_module_tell_of_the_same_families(tmp_path):
    extension(tmp_path, "maker", worker=FAMILY)
    found = dict(findings(tmp_path / "maker", "worker"))
    assert "does not tell how files of made" in found["register_families"]
    with (tmp_path / "maker" / "extension.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[families]]\nname = "made"\nmarks = ["m."]\n')
    assert dict(findings(tmp_path / "maker", "worker"))["register_families"] == ""
    with (tmp_path / "maker" / "extension.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[families]]\nname = "other"\nmarks = ["m."]\n')
    found = dict(findings(tmp_path / "maker", "worker"))
    assert "nothing loads other" in found["register_families"]
