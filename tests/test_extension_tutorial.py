"""The tutorial of docs/extensions.md, followed step by step: new, edit, check, use."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from PIL import Image

from webui.cli import extensions
from webui.cli.parser import read_arguments
from webui.core.paths import Paths
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img

PAGE = (Path(__file__).parents[1] / "docs" / "extensions.md").read_text(encoding="utf-8")
TUTORIAL = PAGE.split("## Your first one, step by step", 1)[1].split("\n## ", 1)[0]
STEP = re.compile(r"((?:[^\n]+\n)+)\n```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
"""What is said before a block, its language, and the block."""


@pytest.fixture(autouse=True)
def forget_modules():
    yield
    for name in [name for name in sys.modules if name.startswith("easel_extensions")]:
        del sys.modules[name]


def shell(data: Path, line: str) -> int:
    program, *words = shlex.split(line)
    assert (program, words[0]) == ("webui", "extensions")
    return extensions.run(read_arguments(["--data-dir", str(data), *words]), "en")


def test_every_step_does_what_it_says(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    steps = STEP.findall(TUTORIAL)
    assert [language for _, language, _ in steps] == ["bash", *["python"] * 3, "text"]
    for said, language, block in steps:
        if language == "python":
            file = re.findall(r"`([\w/]+\.py)`", said)[0]
            assert (tmp_path / "made" / "sepia" / file).is_file(), "new wrote it"
            (tmp_path / "made" / "sepia" / file).write_text(block, encoding="utf-8")
            continue
        for line in block.splitlines():
            if line.startswith("webui extensions"):
                assert shell(tmp_path / "data", line) == 0, capsys.readouterr().out
    use(tmp_path / "data")


def use(data: Path) -> None:
    """What the panel and the drawing come to in a program that is started now."""
    folders = Paths.choose(data).extension_folders
    server = Extensions(folders, "server")
    ((_, panel),) = [one for one in server.panels() if one[0] == "sepia"]
    assert list(panel.options.model_fields) == ["tone"]
    asked = Txt2Img(prompt="a cat", extensions={"sepia": {"tone": 0.5}})
    assert server.problems_with(asked.extensions) == []
    worker = Extensions([data / "extensions"], "worker")
    (sepia,) = worker.participants("job", asked)
    assert sepia.image(Image.new("RGB", (1, 1), (0, 0, 0))).getpixel((0, 0)) == (0, 0, 0)
    red, _, blue = sepia.image(Image.new("RGB", (1, 1), (99, 99, 99))).getpixel((0, 0))  # pyright: ignore
    assert red > blue
