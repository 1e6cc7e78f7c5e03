"""The public surface: what it exports, and that the documentation tells each hook exactly."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import webui.ext
from webui.core.hookspecs import ServerHooks, WorkerHooks

DOCS = (Path(__file__).parents[1] / "docs" / "extensions.md").read_text(encoding="utf-8")
HOOKS = [
    function
    for spec in (ServerHooks, WorkerHooks)
    for name, function in inspect.getmembers(spec, inspect.isfunction)
    if not name.startswith("_")
]


def test_exports_exist_and_are_documented():
    for name in webui.ext.__all__:
        assert hasattr(webui.ext, name)
    assert [name for name in webui.ext.__all__ if not hasattr(webui.ext, name)] == []


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__name__)
def test_each_hook_is_documented_with_its_exact_arguments(hook):
    arguments = [name for name in inspect.signature(hook).parameters if name != "self"]
    assert f"### `{hook.__name__}({', '.join(arguments)})`" in DOCS


def test_no_hook_is_documented_that_does_not_exist():
    documented = set(re.findall(r"^### `(\w+)\(", DOCS, flags=re.MULTILINE))
    assert documented == {hook.__name__ for hook in HOOKS}


def test_importing_it_loads_no_model_library():
    code = "import sys, webui.ext; print([m for m in ('torch', 'gradio') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
