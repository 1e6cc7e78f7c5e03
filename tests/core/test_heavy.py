import subprocess
import sys

import pytest

from tests.core.test_plugins import extension
from webui.core.heavy import HeavyImport, Refusing, beside_the_page


def test_models_libraries_are_refused_beside_the_page_alone():
    finder = Refusing()
    assert finder.find_spec("torch", None) is None
    with beside_the_page():
        assert finder.find_spec("numpy", None) is None
        for name in ("torch", "torch.nn", "diffusers"):
            with pytest.raises(HeavyImport, match="worker's module alone"):
                finder.find_spec(name, None)
    assert finder.find_spec("torch", None) is None


def test_an_extension_that_imports_torch_beside_the_page_is_named(tmp_path):
    extension(tmp_path, "heavy", "import torch")
    extension(tmp_path, "later", LATER)
    code = f"""
import sys
from pathlib import Path
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.core.settings import Settings
found = Extensions([Path({str(tmp_path)!r})], "server")
print([one.problem for one in found.infos() if one.name == "heavy"])
try:
    found.rewrite(Txt2Img(prompt="cat"), Settings())
except Exception as error:
    print(error)
print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy, later, loaded = done.stdout.splitlines()
    assert "The extension heavy imports torch beside the page" in heavy and "torch" in heavy
    assert (
        "The extension later imports torch beside the page, in rewrite_request" in later
        and "torch" in later
    )
    assert loaded == "False"


LATER = """
from webui.ext import hookimpl

@hookimpl
def rewrite_request(request):
    import torch
"""
