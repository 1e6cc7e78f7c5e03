"""The tree keeps to docs/architecture.md; and each check that says so can fail."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import architecture as rules

ROOT = Path(__file__).resolve().parents[1]
SKIPPED = (".git", ".venv", "outputs", "state", "build", "dist", "node_modules", "__pycache__")
TEXT = (".py", ".md", ".toml", ".json", ".txt", ".css", ".js", ".html", ".yml", ".cfg", ".sh", "")


def tree_files() -> list[str]:
    """What belongs to the repository: git's own answer, or (a copy without git) what lies there."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    if done.returncode == 0:
        return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [path.as_posix() for path in paths if not set(SKIPPED) & set(path.parts)]


FILES = tree_files()


def sources(*tops: str) -> Iterator[tuple[str, str, ast.Module]]:
    for name in FILES:
        if name.endswith(".py") and name.split("/")[0] in tops:
            source = (ROOT / name).read_text(encoding="utf-8")
            yield name, source, ast.parse(source)


def one_a_line(broken: list[str]) -> str:
    return "\n" + "\n".join(broken)


def module_of(name: str) -> str:
    return name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def test_the_houses() -> None:
    broken = [
        sentence
        for name, _, tree in sources("webui")
        for sentence in rules.check_imports(module_of(name), tree)
    ]
    assert not broken, one_a_line(broken)


def test_every_package_has_a_house() -> None:
    homeless = {
        name.split("/")[1].removesuffix(".py")
        for name, _, _ in sources("webui")
        if name.split("/")[1] not in ("__init__.py", "ext.py") and not rules.place(module_of(name))
    }
    assert homeless == set()


def test_extensions_see_the_public_surface_only() -> None:
    trees = {name: tree for name, _, tree in sources("extensions")}
    beside_the_page = rules.server_side(trees)
    broken = [
        sentence
        for name, tree in trees.items()
        for sentence in rules.check_extension_imports(name, tree, name in beside_the_page)
    ]
    assert not broken, one_a_line(broken)


def test_no_hidden_state() -> None:
    tops = ("webui", "extensions", "launch.py", "tools", "benchmarks")
    broken = [
        sentence for name, _, tree in sources(*tops) for sentence in rules.check_state(name, tree)
    ]
    assert not broken, one_a_line(broken)


def test_sizes() -> None:
    tops = ("webui", "extensions", "launch.py", "tools", "benchmarks", "tests")
    broken = [
        sentence
        for name, source, tree in sources(*tops)
        for sentence in rules.check_size(name, source, tree)
    ]
    assert not broken, one_a_line(broken)


def test_every_module_has_its_tests() -> None:
    sources = {
        name: (ROOT / name).read_text(encoding="utf-8") for name in FILES if name.endswith(".py")
    }
    broken = list(rules.check_tests_mirror(sources))
    assert not broken, one_a_line(broken)


def test_nothing_of_one_machine() -> None:
    broken: list[str] = []
    for name in FILES:
        path = ROOT / name
        if path.suffix in TEXT and path.stat().st_size < 10**6:
            text = path.read_text(encoding="utf-8", errors="replace")
            broken += rules.check_text(name, text)
    assert not broken, one_a_line(broken)


# -- the checks can fail -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source", "sentence"),
    [
        ("webui.core.a", "import torch", "only the worker house may"),
        ("webui.jobs.a", "def f():\n    from torch.nn import Module", "only the worker house may"),
        ("webui.ui.a", "from safetensors.torch import load_file", "only the worker house may"),
        ("webui.ext", "import diffusers", "only the worker house may"),
        ("webui.cli", "import importlib\nimportlib.import_module('torch')", "only the worker"),
        ("webui.engine.a", "import torch", ""),
        ("webui.jobs.a", "import torchmetrics_like_name", ""),
        ("webui.jobs.a", "from webui.worker.process import main", "must not know worker house"),
        ("webui.jobs.a", "from webui import worker", "must not know worker house"),
        ("webui.engine.a", "import webui.jobs.queue", "must not know server house"),
        ("webui.core.a", "from webui.jobs import queue", "must not know server house"),
        ("webui.core.a", "from webui.prompt.grammar import read", "not further down"),
        ("webui.prompt.a", "from webui.timeline import b", "not further down"),
        ("webui.prompt.a", "from webui.prompt import b", ""),
        ("webui.prompt.a", "from webui.core.texts import text", ""),
        ("webui.engine.a", "from webui.core.texts import text", ""),
        ("webui.engine.a", "from webui.worker.runner import Runner", "not further down"),
        ("webui.models.a", "from webui.engine import noise", "not further down"),
        ("webui.engine.a", "from webui.models.family import Family", ""),
        ("webui.api.a", "from webui.ui.shell import page", "not further down"),
        ("webui.app", "from webui.ui.shell import page", ""),
        ("webui.jobs.a", "from webui.app import serve", "not further down"),
        ("webui.ext", "from webui.core.errors import UserError", ""),
        ("webui.ext", "from webui.engine.noise import draw", "belongs to the ground floor"),
        ("webui", "from webui.app import serve", "belongs to the ground floor"),
    ],
)
def test_import_rules(module: str, source: str, sentence: str) -> None:
    found = list(rules.check_imports(module, ast.parse(source)))
    assert len(found) == bool(sentence), found
    assert all(sentence in text for text in found)


@pytest.mark.parametrize(
    ("source", "server", "broken"),
    [
        ("from webui.ext import Panel", True, False),
        ("from webui import ext", True, False),
        ("from webui.core.requests import Txt2Img", True, True),
        ("import webui", False, True),
        ("import torch", True, True),
        ("import torch", False, False),
    ],
)
def test_extension_rules(source: str, server: bool, broken: bool) -> None:
    found = list(rules.check_extension_imports("extensions/a/b.py", ast.parse(source), server))
    assert bool(found) is broken


def test_what_the_server_of_an_extension_imports_is_beside_the_page_too() -> None:
    sources = {
        "extensions/a/server.py": "from .units import Unit\nfrom . import names",
        "extensions/a/units.py": "def f():\n    from .deep import x",
        "extensions/a/names.py": "",
        "extensions/a/deep.py": "import torch",
        "extensions/a/worker.py": "from .networks import N\nfrom .units import Unit",
        "extensions/a/networks.py": "import torch",
        "extensions/b/units.py": "import torch",
    }
    found = rules.server_side({name: ast.parse(source) for name, source in sources.items()})
    assert found == {f"extensions/a/{name}.py" for name in ("server", "units", "names", "deep")}


@pytest.mark.parametrize(
    ("source", "broken"),
    [
        ("N = 0\ndef f():\n    global N\n    N = 1", True),
        ("CACHE = {}\ndef f(key):\n    CACHE[key] = 1", True),
        ("CACHE: dict[str, int] = {}\nclass A:\n    def f(self, k):\n        del CACHE[k]", True),
        ("SEEN = set()\nasync def f(x):\n    SEEN.add(x)", True),
        ("QUEUE = collections.deque()\ndef f():\n    def g():\n        QUEUE.append(1)", True),
        ("from webui.engine.samplers import SAMPLERS\ndef f():\n    SAMPLERS.clear()", True),
        ("COUNTS = {}\ndef f(x):\n    COUNTS[x] += 1", True),
        ("TABLE = {'a': 1}\ndef f(key):\n    return TABLE[key]", False),
        ("TABLE = {}\nTABLE['a'] = 1", False),
        ("def f():\n    table = {}\n    table['a'] = 1\n    return table", False),
        ("table = {}\ndef f(table):\n    table['a'] = 1", False),
        # A registry: its decorators give back what they were given.
        ("ALL = {}\ndef register(f):\n    ALL[f.__name__] = f\n    return f", False),
        (
            "ALL = {}\ndef register(name):\n    def add(function):\n"
            "        ALL[name] = function\n        return function\n    return add",
            False,
        ),
    ],
)
def test_state_rules(source: str, broken: bool) -> None:
    assert bool(list(rules.check_state("a.py", ast.parse(source)))) is broken


def test_size_rules() -> None:
    def found(name: str, source: str) -> list[str]:
        return list(rules.check_size(name, source, ast.parse(source)))

    assert found("webui/a.py", "def f():\n" + "    x = 1\n" * 59) == []
    assert "f has 61 lines" in found("webui/a.py", "def f():\n" + "    x = 1\n" * 60)[0]
    assert found("webui/a.py", "x = 1\n" * 400) == []
    assert "has 401 lines" in found("webui/a.py", "x = 1\n" * 401)[0]
    assert found("tests/test_a.py", "x = 1\n" * 401) == []


def test_mirror_rule() -> None:
    does = "def f():\n    return 1\n"
    names = ["webui/__init__.py", "webui/__main__.py", "webui/a/b.py", "webui/a/c.py", "launch.py"]
    names += ["webui/a/d/e.py", "tests/a/test_b.py", "tests/a/test_d.py"]
    sources = dict.fromkeys(names, does)
    sources["webui/a/says.py"] = 'class P:\n    x: int\n\n    def f(self):\n        """Do."""\n'
    assert list(rules.check_tests_mirror(sources)) == ["webui/a/c.py has no tests/a/test_c.py"]


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        ("see https://py" + "pi.org/project/x", True),
        ("--index-url https://download.py" + "torch.org/whl/cpu", True),
        ("files in /ro" + "ot/.cache", True),
        ("open('/ho" + "me/me/x')", True),
        ("# TO" + "DO: later", True),
        ("https://example.com/home/page", False),
        ("src/work/x.py and ../work/y.py", False),
        ("pytorch.org explains it", False),
    ],
)
def test_text_rules(line: str, broken: bool) -> None:
    assert bool(list(rules.check_text("a.md", line))) is broken
