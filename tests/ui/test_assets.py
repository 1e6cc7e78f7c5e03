"""What holds for all our JavaScript and CSS, read as text."""

import re
from pathlib import Path

import pytest

from webui.ui.build import ASSETS

MODULES = sorted(ASSETS.glob("*.js"))
SHEETS = sorted(ASSETS.glob("*.css"))
IMPORT = re.compile(r'import (?:\{([^}]*)\} from )?"\./([\w.]+)";')
EXPORT = re.compile(r"export (?:async )?(?:function|const|class|let) (\w+)|export \{ ([^}]*) \}")


def names(module: Path) -> set[str]:
    found = EXPORT.findall(module.read_text(encoding="utf-8"))
    return {
        one for single, several in found for one in ([single] if single else several.split(", "))
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_what_a_module_imports_is_there(module: Path):
    for wanted, file in IMPORT.findall(module.read_text(encoding="utf-8")):
        target = ASSETS / file
        assert target.is_file(), file
        missing = {one.strip() for one in wanted.split(",") if one.strip()} - names(target)
        assert not missing, (file, missing)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_text_never_becomes_html_or_code(module: Path):
    source = module.read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", source
    )


@pytest.mark.parametrize("file", MODULES + SHEETS, ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(file: Path):
    source = file.read_text(encoding="utf-8")
    hosts = re.findall(r"https?:(?://|%2F%2F)([\w.]+)", source)
    assert set(hosts) <= {"www.w3.org"}  # a name, not an address


@pytest.mark.parametrize("file", MODULES + SHEETS, ids=lambda path: path.name)
def test_files_stay_small(file: Path):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 200


def test_every_icon_is_drawn():
    drawn = set(
        re.findall(r'^  (\w+): "M', (ASSETS / "dom.js").read_text(encoding="utf-8"), re.MULTILINE)
    )
    sources = "".join(module.read_text(encoding="utf-8") for module in MODULES)
    used = set(re.findall(r'icon(?:Button)?\("(\w+)"', sources))
    assert used == drawn
