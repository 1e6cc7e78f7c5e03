"""Lists of tags: read as users have them, looked through, written into prompts."""

from __future__ import annotations

import importlib
import random
import time
from pathlib import Path
from typing import Any

import pytest

from tests.extensions.control import ROOT
from webui.core.hookspecs import RouteCall
from webui.core.plugins import Extensions

LIST = """1girl,0,6008644,"1girls,sole_female"
long_hair,0,4350743,/lh
hatsune_miku,4,120000,"miku,初音ミク"
hat,0,1000000,
witch_hat,0,90000,
^_^,0,50000,
saber_(fate),4,30000,
# a comment,0,1,

broken line
"""


def module(name: str) -> Any:
    Extensions([ROOT / "extensions"], "server")
    return importlib.import_module(f"easel_extensions.tag_autocomplete.{name}")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "tags").mkdir()
    (tmp_path / "tags" / "danbooru.csv").write_text(LIST, encoding="utf-8")
    return tmp_path


def asked(data: Path, word: str, **settings: Any) -> dict[str, Any]:
    server = module("server")
    own = server.Completing(**settings)
    return server.search(RouteCall({"word": word}, b"", False, own, data))


def names(data: Path, word: str, **settings: Any) -> list[str]:
    return [one["name"] for one in asked(data, word, **settings)["found"]]


def test_beginnings_come_first_then_other_names_then_parts(data):
    assert names(data, "hat")[:3] == ["hat", "hatsune_miku", "witch_hat"]
    assert names(data, "HATSUNE M") == ["hatsune_miku"]
    (one,) = asked(data, "sole")["found"]
    assert (one["name"], one["alias"], one["count"]) == ("1girl", "sole_female", 6008644)
    assert asked(data, "ミク")["found"][0]["alias"] == "初音ミク"
    assert names(data, "irl")[0] == "1girl", "anywhere, the most used first"
    assert names(data, "x" * 500) == [] == names(data, "\t") == names(data, "")
    assert len(names(data, "a", most=5)) == 5


def test_tags_are_written_as_prompts_have_them(data):
    def insert(word: str, **settings: Any) -> str:
        return asked(data, word, **settings)["found"][0]["insert"]

    assert insert("hatsune") == "hatsune miku"
    assert insert("saber") == r"saber \(fate\)"
    assert insert("saber", spaces=False, escape=False) == "saber_(fate)"
    assert insert("^_") == "^_^"
    assert names(data, r"saber \(f") == ["saber_(fate)"], "as it stands in a prompt"


def test_it_can_be_switched_off_and_say_no_comma(data):
    assert asked(data, "hat", enabled=False) == {"found": [], "enabled": False}
    assert asked(data, "hat", comma=False)["comma"] is False


def test_wildcards_of_the_user(data):
    (data / "wildcards" / "deep").mkdir(parents=True)
    for name in ("animal", "deep/colour"):
        (data / "wildcards" / f"{name}.txt").write_text("x")
    assert names(data, "__") == ["__animal__", "__deep/colour__"]
    assert names(data, "__col") == ["__deep/colour__"]


def test_a_list_that_changed_is_read_again(data):
    assert "unicorn_horn" not in names(data, "unicorn")
    (data / "tags" / "more.csv").write_text("unicorn_horn,0,5,\n")
    assert names(data, "unicorn")[0] == "unicorn_horn"


def test_the_shipped_words_are_there_without_any_list_and_each_once(tmp_path):
    assert names(tmp_path, "water")[:2] == ["watercolor", "waterfall"]
    tags = module("index").read_tags(ROOT / "extensions/tag_autocomplete/tags/general.csv")
    every = [tag.name for tag in tags]
    assert len(every) > 400 and len(set(every)) == len(every)


def test_files_that_are_no_lists_hurt_nobody(data):
    (data / "tags" / "bad.csv").write_bytes(bytes(range(256)) * 20 + b'\n"open,0,3\nfine_tag,0,1\n')
    (data / "tags" / "long.csv").write_text("y" * 300_000 + ",0,1\nok_tag,0,999999999999999999,\n")
    assert names(data, "ok_t") == ["ok_tag"]
    assert names(data, "hat")[0] == "hat"


def test_200_000_lines_are_looked_through_quickly():
    index = module("index")
    dice = random.Random(1)
    syllables = ["ka", "mo", "ri", "te", "su", "lo", "ne", "vi", "da", "po"]

    def word() -> str:
        return "".join(dice.choice(syllables) for _ in range(4))

    tags = [
        index.Tag(f"{word()}_{word()}_{number}", 0, number, (word(),)) for number in range(200_000)
    ]
    every = index.Index(tags)
    assert len(every) == 200_000
    begun = time.process_time()  # what else the machine does counts for nothing
    for wanted in ("ka", "kamorite", "zzz", "te_su", "nothing_like_it"):
        every.find(wanted, 10)
    assert time.process_time() - begun < 1.0, "some 10 ms each"
    assert every.find("ka", 3)[0].tag.count > 190_000
