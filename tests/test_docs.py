"""Every block of code in README.md and docs/ is run: Python as it stands, each command for real.

What is not code (a tree, an output) is marked ```text. A page that talks to a server at
127.0.0.1:7860 gets one of its own, on a free port. Each block finds the files of a user beside it:
photo.png, mask.png, the folder photos and animation.json.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image

from webui.core.intents import INTENTS

ROOT = Path(__file__).resolve().parents[1]
USUAL_ADDRESS = "127.0.0.1:7860"
PATIENCE = 120
PROGRAM = [sys.executable, "-m", "webui"]
# Commands that a test cannot run, and who runs them instead.
ELSEWHERE = {
    "webui models download": "there is no net here, see tests/cli/test_download.py",
    "git clone": "a clone is where this runs",
    "cd": "this runs there",
    "pip install -e .": "launch.py does it, see tests/test_launch.py",
    "python launch.py test": "this is a part of it",
}


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    text: str


def blocks(page: str, text: str) -> list[Block]:
    """The fenced blocks of a Markdown page; a fence may be indented, as in a list."""
    found: list[Block] = []
    fence = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
    for match in fence.finditer(text):
        indent, language, body = match.groups()
        body = re.sub(f"^{indent}", "", body, flags=re.MULTILINE)
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, language.strip(), body))
    return found


def commands(text: str) -> list[list[str]]:
    """The command lines of a shell block: comments left out, lines joined after a backslash."""
    lines = text.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def elsewhere(words: list[str]) -> bool:
    return any(words[: len(start.split())] == start.split() for start in ELSEWHERE)


def program_arguments(words: list[str]) -> list[str] | None:
    """What a command passes to the program; None if it is not a start of the program."""
    for start in (["python", "launch.py"], ["python", "-m", "webui"], ["webui"]):
        if words[: len(start)] == start:
            return words[len(start) :]
    return None


def is_server(arguments: list[str]) -> bool:
    """Without a subcommand, or with this one, the program serves the page."""
    asks = {"-h", "--help", "--version"} & set(arguments)
    return not asks and (not arguments or arguments[0] == "serve" or arguments[0][0] == "-")


def all_blocks() -> list[Block]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [
        block
        for page in pages
        for block in blocks(page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8"))
    ]


BLOCKS = all_blocks()


FIRST_PICTURE = next(b for b in BLOCKS if "webui generate" in b.text and b.page == "README.md")


def of(*languages: str) -> pytest.MarkDecorator:
    found = [block for block in BLOCKS if block.language in languages]
    ids = [f"{block.page}:{block.line}" for block in found]
    return pytest.mark.parametrize("block", found, ids=ids)


def lay_files(folder: Path) -> None:
    """What the pages' commands begin with: a picture, its mask, a folder of two, an animation."""
    picture = Image.linear_gradient("L").resize((120, 96)).convert("RGB")
    picture.paste((200, 40, 40), (40, 30, 80, 70))
    picture.save(folder / "photo.png")
    mask = Image.new("L", picture.size)
    mask.paste(255, (36, 26, 84, 74))
    mask.save(folder / "mask.png")
    (folder / "photos").mkdir()
    for name in ("one", "two"):
        picture.save(folder / "photos" / f"{name}.png")
    shown = next(b for b in BLOCKS if b.page == "docs/animation.md" and b.language == "json")
    (folder / "animation.json").write_text(shown.text, encoding="utf-8")
    shutil.copytree(ROOT / "examples", folder / "examples")


# -- a real program ------------------------------------------------------------------------------


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def begin(command: list[str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        start_new_session=True,
    )


def run(command: list[str], folder: Path) -> None:
    process = begin(command, folder)
    try:
        output, _ = process.communicate(timeout=2 * PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 0, output


def wait_for_page(process: subprocess.Popen[str], port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}/", follow_redirects=True).is_success:
                return
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"no page at port {port}:\n{process.communicate()[0]}")


def stop(process: subprocess.Popen[str]) -> None:
    """As by Ctrl+C (Windows: by the task manager); nothing may be left behind."""
    family = psutil.Process(process.pid).children(recursive=True)
    if os.name == "nt":
        process.terminate()
    else:
        process.send_signal(signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=60)
    finally:
        _, alive = psutil.wait_procs(family, timeout=60)
        for member in [*alive, process]:
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                member.kill()
    assert not alive, f"{alive} outlived the server"
    assert "Traceback" not in output, output


@contextlib.contextmanager
def serving(arguments: list[str], folder: Path) -> Iterator[str]:
    """The program as a server on a free port, with a data folder of its own."""
    port = free_port()
    own = ["--port", str(port), "--data-dir", str(folder / "data"), "--no-browser"]
    process = begin([*PROGRAM, *arguments, *own], folder)
    wait_for_page(process, port)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        stop(process)


@dataclass(frozen=True)
class Server:
    address: str
    data: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all pages that talk to one, and for commands that need no fresh machine."""
    folder = tmp_path_factory.mktemp("server")
    with serving([], folder) as address:
        yield Server(address, folder / "data")


def run_program(arguments: list[str], folder: Path, data: Path) -> None:
    if is_server(arguments):
        with serving(arguments, folder):
            return
    asks = {"-h", "--help", "--version"} & set(arguments)
    own = [] if asks else ["--data-dir", str(data)]
    run([*PROGRAM, *arguments, *own], folder)


# -- the pages -----------------------------------------------------------------------------------


def test_there_is_something_to_run() -> None:
    readme = [block.text.strip() for block in BLOCKS if block.page == "README.md"]
    assert readme[:2] == ["python launch.py", "python launch.py test"]


def test_every_block_says_what_it_is() -> None:
    known = ("python", "bash", "toml", "json", "text")
    strange = [f"{b.page}:{b.line} ```{b.language}" for b in BLOCKS if b.language not in known]
    assert strange == []


@of("toml", "json")
def test_data_blocks_can_be_read(block: Block) -> None:
    read = tomllib.loads if block.language == "toml" else json.loads
    assert read(block.text)


@of("python")
def test_python_blocks_run(block: Block, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    text = "\n" * block.line + block.text
    if USUAL_ADDRESS in text:
        text = text.replace(USUAL_ADDRESS, request.getfixturevalue("server").address)
    lay_files(tmp_path)
    (tmp_path / "block.py").write_text(text, encoding="utf-8")
    run([sys.executable, "block.py"], tmp_path)


@pytest.mark.slow
@of("bash")
def test_shell_blocks_run(block: Block, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Those of the README, to its first picture, as on a fresh machine; all others by a server
    that is up already, as a model that is loaded anew for every line would take most of the time.
    """
    lay_files(tmp_path)
    if "curl" in block.text:
        run_with_shell(block, request.getfixturevalue("server").address, tmp_path)
        return
    fresh = block.page == "README.md" and block.line <= FIRST_PICTURE.line
    data = tmp_path / "data" if fresh else request.getfixturevalue("server").data
    for words in commands(block.text):
        arguments = program_arguments(words)
        if not elsewhere(words):
            assert arguments is not None, f"nothing here can check: {shlex.join(words)}"
            run_program(arguments, tmp_path, data)


def run_with_shell(block: Block, address: str, folder: Path) -> None:
    """A block that talks to the server from a shell, which may keep answers in variables."""
    if not (shutil.which("bash") and shutil.which("curl")):
        pytest.skip("bash or curl is missing")
    text = "set -euo pipefail\n" + block.text.replace(USUAL_ADDRESS, address)
    text = text.replace("curl", "curl --fail-with-body --silent --show-error --max-time 120")
    run(["bash", "-c", text], folder)


def test_the_intents_do_what_the_page_says() -> None:
    """The table of docs/editing.md has a line for each, with all its settings."""
    page = (ROOT / "docs/editing.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.+) \|$", page, re.MULTILINE))
    said = {
        intent: dict(re.findall(r"`(\w+)` ([\w.]+)", rows.get(intent, ""))) for intent in INTENTS
    }
    assert said == {
        intent: {name: str(value).lower() for name, value in settings.items()}
        for intent, settings in INTENTS.items()
    }


# -- the reading can fail ------------------------------------------------------------------------


def test_blocks_are_found() -> None:
    page = "Hi\n```python\nx = 1\n```\n* a list\n\n  ```bash\n  webui \\\n    --help # why\n  ```\n"
    first, second = blocks("a.md", page + "```\nplain\n```\n")[:2]
    assert first == Block("a.md", 2, "python", "x = 1\n")
    assert (second.language, second.line) == ("bash", 7)
    assert commands(second.text) == [["webui", "--help"]]


def test_commands_are_told_apart() -> None:
    assert program_arguments(["python", "launch.py", "--port", "1"]) == ["--port", "1"]
    assert program_arguments(["webui", "doctor"]) == ["doctor"]
    assert program_arguments(["rm", "-r", "x"]) is None
    assert is_server([]) and is_server(["--port", "1"]) and is_server(["serve"])
    assert not is_server(["--help"]) and not is_server(["generate", "a cat"])
    assert elsewhere(["git", "clone", "x"]) and not elsewhere(["git", "push"])
    assert elsewhere(["python", "launch.py", "test"]) and not elsewhere(["python", "launch.py"])
