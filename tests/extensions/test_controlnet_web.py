"""The panel's files, read as text: small, without HTML from words, every text in both languages."""

import json
import re
from pathlib import Path

import pytest

from tests.extensions.control import ROOT, module

FOLDER = ROOT / "extensions" / "controlnet"
MODULES = sorted((FOLDER / "web").glob("*.js"))
TEXTS = {
    language: json.loads((FOLDER / "locales" / f"{language}.json").read_text(encoding="utf-8"))
    for language in ("en", "pl")
}
IMPORT = re.compile(r'import \{([^}]*)\} from "\./([\w.]+)";')


@pytest.mark.parametrize("file", MODULES, ids=lambda path: path.name)
def test_modules_are_small_and_text_never_becomes_html(file: Path):
    source = file.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 200
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", source)
    assert "http" not in source


@pytest.mark.parametrize("file", MODULES, ids=lambda path: path.name)
def test_what_a_module_imports_is_there(file: Path):
    for names, other in IMPORT.findall(file.read_text(encoding="utf-8")):
        source = (FOLDER / "web" / other).read_text(encoding="utf-8")
        exported = set(re.findall(r"export (?:async )?(?:function|const) (\w+)", source))
        lists = re.findall(r"export const \[([^\]]*)\]", source)
        exported |= {name.strip() for one in lists for name in one.split(",")}
        assert {name.strip() for name in names.split(",")} <= exported


def test_every_text_that_is_asked_for_exists_in_both_languages():
    source = "".join(file.read_text(encoding="utf-8") for file in MODULES)
    asked = set(re.findall(r'\bt\("([\w.]+)"', source))
    asked |= set(re.findall(r'"ext\.controlnet\.([\w.]+)"', source))
    asked |= {f"pose.point.{number}" for number in range(18)}
    asked |= {f"{name}.{value}" for name, values in choices().items() for value in values}
    unions = re.search(r"UNIONS = \{ (.*?) \}", source)
    assert unions is not None
    for family, count in re.findall(r"(\w+): (\d+)", unions[1]):
        asked |= {f"control_type.{family}.{number}" for number in range(int(count))}
    assert asked - set(TEXTS["en"]) == set()
    assert set(TEXTS["en"]) == set(TEXTS["pl"])


def choices() -> dict[str, tuple[str, ...]]:
    """Of the fields whose values stand side by side: the server's own."""
    fields = module("units").Unit.model_fields
    names = ("mode", "resize_mode", "passes")
    return {name: fields[name].annotation.__args__ for name in names}


def test_the_limbs_of_browser_and_worker_are_the_same():
    source = (FOLDER / "web" / "pose_draw.js").read_text(encoding="utf-8")
    triples = [tuple(map(int, one)) for one in re.findall(r"\[(\d+), (\d+), (\d+)\]", source)]
    assert tuple(triples) == module("poses").COLOURS
    block = source[source.index("LIMBS") : source.index("COLOURS")]
    pairs = [tuple(map(int, one)) for one in re.findall(r"\[(\d+), (\d+)\]", block)]
    assert tuple(pairs) == module("poses").LIMBS
