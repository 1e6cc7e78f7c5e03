"""The launcher: its decisions with made-up machines, and whole installations of a tiny project."""

import ast
import errno
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[1]


def load_launcher() -> ModuleType:
    spec = importlib.util.spec_from_file_location("launch", ROOT / "launch.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


launch = load_launcher()


# -- decisions -----------------------------------------------------------------------------------


def test_old_pythons_can_read_it() -> None:
    ast.parse((ROOT / "launch.py").read_text(encoding="utf-8"), feature_version=(3, 8))


def test_other_python_asks_each_for_its_path() -> None:
    asked: list[list[str]] = []

    def run(command: list[str]) -> str:
        asked.append(command[:-2])
        return "/usr/bin/python3.12" if "3.12" in " ".join(command[:-2]) else ""  # 3.13: a shim

    assert launch.other_python(False, run) == "/usr/bin/python3.12"
    assert asked == [["python3.13"], ["python3.12"]]
    asked.clear()
    assert launch.other_python(True, run) == "/usr/bin/python3.12"
    assert asked == [["py", "-3.13"], ["py", "-3.12"]]
    assert launch.other_python(False, lambda _: "") == ""


def test_an_unsupported_python_starts_a_supported_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "OLDEST", (3, 98))
    monkeypatch.setattr(launch, "other_python", lambda windows: "/opt/python3.12")
    started: list[list[str]] = []
    monkeypatch.setattr(launch, "become", lambda command: started.append(command) or 0)
    assert launch.start(ROOT, ["--port", "1"]) == 0
    assert started == [["/opt/python3.12", str(ROOT / "launch.py"), "--port", "1"]]


def test_an_unsupported_python_alone_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "OLDEST", (3, 98))
    monkeypatch.setattr(launch, "other_python", lambda windows: "")
    assert launch.main() == 1
    this = "{}.{}".format(*sys.version_info)
    assert capsys.readouterr().err == (
        f"Easel: Python {this} is not supported: install Python 3.12 (or 3.11, 3.13) "
        "and start launch.py with it.\n"
    )


def test_the_tests_run_in_the_clone_with_their_own_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked: list[set[str]] = []
    started: list[list[str]] = []
    monkeypatch.setattr(launch, "is_ready", lambda root, venv, extras: not asked.append(extras))
    monkeypatch.setattr(launch, "become", lambda command: started.append(command[1:]) or 0)
    assert launch.start(ROOT, ["test", "-k", "x"]) == 0
    assert started == [["-m", "pytest", "-k", "x"]]
    assert launch.start(ROOT, ["test"]) == 0  # all of them: on two cores
    assert started[1] == ["-m", "pytest", *launch.ALL_TESTS]
    assert asked == [{"test"}, {"test"}]
    assert Path.cwd() == ROOT


def test_help_before_the_installation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname='x'", encoding="utf-8")
    assert launch.start(tmp_path, ["--help"]) == 0
    text = capsys.readouterr().out
    for word in (".venv", "--port", "--data-dir", "--share", "test", "EASEL_TORCH_BACKEND"):
        assert word in text
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left",
            "The disk",
        ),
        ("OSError: [WinError 112] There is not enough space on the disk", "The disk"),
        ("OSError: [Errno 122] Disk quota exceeded", "The disk"),
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError(Failed to establish "
            "a new connection: [Errno -2] Name or service not known)'\n"
            "ERROR: No matching distribution found for torch",
            "The libraries cannot be downloaded",
        ),
        ("NameResolutionError(Failed to resolve 'x')", "The libraries cannot be downloaded"),
        ("error: Request failed\n  cause: dns error", "The libraries cannot be downloaded"),
        ("ReadTimeoutError: Read timed out.", "The libraries cannot be downloaded"),
        ("error: [Errno 13] Permission denied: '.venv'", "/app cannot be written to"),
        ("error: [Errno 30] Read-only file system: '.venv'", "/app cannot be written to"),
        (
            "ERROR: first\nERROR: No matching distribution found for torch>=99",
            "The installation failed (No matching distribution found for torch>=99)",
        ),
        ("", "The installation failed (no reason)"),
    ],
)
def test_explain(text: str, start: str) -> None:
    sentence = launch.explain(text, "/app")
    assert sentence.startswith(start)
    assert sentence.endswith((".", "then start again."))
    assert "\n" not in sentence


def test_main_ends_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(launch, "start", full)
    assert launch.main() == 1
    assert capsys.readouterr().err.startswith("Easel: The disk is full: make room")


def test_main_is_quiet_on_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(launch, "start", interrupted)
    assert launch.main() == 130
    assert capsys.readouterr() == ("\nStopped; the next start goes on from here.\n", "")


# -- one .venv -----------------------------------------------------------------------------------

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "easel"
version = "1.0"
dependencies = ["fake-library>=1"]

[project.optional-dependencies]
test = ["pytest"]

[project.scripts]
webui = "webui.__main__:main"
"""

# A build backend that needs nothing from the network, and can wait for the test.
BACKEND = """
import os, pathlib, tempfile, time, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    if os.environ.get("EASEL_TEST_SLOW"):
        pathlib.Path("building").write_text(tempfile.gettempdir(), encoding="utf-8")
        until = time.monotonic() + 60
        while not pathlib.Path("go").exists() and time.monotonic() < until:
            time.sleep(0.05)
    name = "easel-1.0-py3-none-any.whl"
    info = "easel-1.0.dist-info/"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w") as wheel:
        wheel.writestr("easel.pth", str(pathlib.Path.cwd()) + "\\n")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: easel\\nVersion: 1.0\\n"
                       "Requires-Dist: fake-library>=1\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\n"
                       "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "entry_points.txt", "[console_scripts]\\nwebui = webui.__main__:main")
        wheel.writestr(info + "RECORD", "")
    return name

def get_requires_for_build_editable(config_settings=None):
    return []
"""

PROGRAM = """
import json, sys, fake_library

def main():
    print(json.dumps({"arguments": sys.argv[1:], "prefix": sys.prefix, "library": fake_library.X}))

if __name__ == "__main__":
    main()
"""


def write_wheel(folder: Path) -> None:
    """A library with a module, some bulk, and a script of its own."""
    info = "fake_library-1.0.dist-info/"
    files = {
        "fake_library/__init__.py": "X = 7\ndef main(): print('tool', X)\n",
        "fake_library/data.txt": "0123456789" * 100,
        info + "METADATA": "Metadata-Version: 2.1\nName: fake-library\nVersion: 1.0\n",
        info + "WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        info + "entry_points.txt": "[console_scripts]\nfake-tool = fake_library:main",
        info + "RECORD": "",
    }
    with zipfile.ZipFile(folder / "fake_library-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the launcher in front of a program of three lines, and no network."""
    root = tmp_path / "an app"
    (root / "webui").mkdir(parents=True)
    shutil.copy(ROOT / "launch.py", root)
    shutil.copy(ROOT / "webui" / "torch_build.py", root / "webui")
    (root / "webui" / "__init__.py").touch()
    for name, text in {
        "pyproject.toml": PYPROJECT,
        "backend.py": BACKEND,
        "webui/__main__.py": PROGRAM,
    }.items():
        (root / name).write_text(text, encoding="utf-8")
    write_wheel(tmp_path)
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_", "EASEL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", tmp_path.as_uri())
    monkeypatch.setenv("EASEL_TORCH_BACKEND", "default")
    monkeypatch.setattr(launch, "gigabytes", lambda build, platform: 0)
    yield root
    if root.exists():
        (root / "go").touch()  # a build that still waits ends


class Installer(launch.Installer):
    """The installer, with its steps written down instead of run."""

    def __init__(self, root: Path, failing: str = "\0") -> None:
        (root / ".venv").mkdir(exist_ok=True)
        super().__init__(root, root / ".venv", False, -1)
        self.steps: list[list[str]] = []
        self.failing = failing
        self.write_stamp(set(), 0)

    def run(self, *command: str) -> None:
        self.steps.append(list(command[1:]))
        if self.failing in command:
            raise launch.Stop("it failed")


def put_torch(venv: Path, version: str) -> None:
    folder = "Lib" if os.name == "nt" else "lib/python3.11"
    (venv / folder / "site-packages" / f"torch-{version}.dist-info").mkdir(parents=True)


def test_the_default_build_needs_no_step_of_its_own(app: Path) -> None:
    installer = Installer(app)
    installer.install_torch()
    assert installer.steps == []


def test_the_default_build_replaces_another(app: Path) -> None:
    put_torch(app / ".venv", "2.14.1+cpu")
    installer = Installer(app)
    installer.install_torch()
    assert installer.steps == [["-m", "pip", "uninstall", "--yes", "torch", "torchvision"]]


@pytest.mark.parametrize(("there", "again"), [(None, False), ("+cpu", False), ("", True)])
def test_another_build_comes_by_uv(
    app: Path, monkeypatch: pytest.MonkeyPatch, there: str | None, again: bool
) -> None:
    monkeypatch.setenv("EASEL_TORCH_BACKEND", "cpu")
    monkeypatch.setenv("PIP_CONSTRAINT", "a.txt b.txt")
    text = PYPROJECT.replace('"fake-library>=1"', '"torch>=2.11", "torchsde", "torchvision"')
    (app / "pyproject.toml").write_text(text, encoding="utf-8")
    if there is not None:
        put_torch(app / ".venv", "2.14.1" + there)
    installer = Installer(app)
    installer.install_torch()
    assert installer.steps[0][-1] == "uv"
    assert installer.steps[1] == [
        *("-m", "uv", "pip", "install", "--no-progress", "--torch-backend=cpu"),
        *(["--reinstall-package=torch"] if again else []),
        *("--constraint=a.txt", "--constraint=b.txt", "torch>=2.11", "torchvision"),
    ]


def test_an_index_that_fails_gives_way_to_the_default_one(
    app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EASEL_TORCH_BACKEND")
    monkeypatch.setattr(launch, "torch_build", lambda platform, maker: "cpu")
    Installer(app, failing="uv").install_torch()
    assert "installing its default build" in capsys.readouterr().out


def test_a_build_that_was_asked_for_is_not_replaced(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EASEL_TORCH_BACKEND", "cu126")
    with pytest.raises(launch.Stop, match="it failed"):
        Installer(app, failing="uv").install_torch()


def test_room_on_the_disk_is_looked_at_first(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(app)
    monkeypatch.setattr(launch.shutil, "disk_usage", lambda path: usage._replace(free=2 * 10**9))
    monkeypatch.setattr(launch, "gigabytes", lambda build, platform: 8)
    with pytest.raises(launch.Stop, match=r"2\.0 GB free, and Easel needs about 8 GB: make room"):
        Installer(app).install_torch()
    put_torch(app / ".venv", "2.14.1")  # only small things are missing
    Installer(app).install_torch()


def test_a_python_without_venv_names_the_package(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(launch.Stop, match=r"sudo apt install python3\.\d+-venv"):
        Installer(app).make_environment()


def test_a_package_in_part_is_forgotten(app: Path) -> None:
    site = app / ".venv" / ("Lib" if os.name == "nt" else "lib/python3.11") / "site-packages"
    for name, record in {
        "whole": "whole.py,sha256=x,5\nwhole-1.dist-info/RECORD,,\n../../../bin/tool,,999\n",
        "short": "short.py,sha256=x,6\n",
        "absent": "absent.py,sha256=x,5\n",
        "unlisted": None,
    }.items():
        info = site / f"{name}-1.dist-info"
        info.mkdir(parents=True)
        if record is not None:
            (info / "RECORD").write_text(record, encoding="utf-8")
        if name != "absent":
            (site / f"{name}.py").write_bytes(b"X = 7")
    (site / "~hort").mkdir()
    Installer(app).forget_broken_packages()
    assert {path.name for path in site.glob("*-1.dist-info")} == {"whole-1.dist-info"}
    assert not (site / "~hort").exists()


def test_what_makes_an_installation_stale(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv = app / ".venv"
    python = launch.python_of(venv)
    python.parent.mkdir(parents=True)
    python.touch()
    config = f"home = {Path(sys.executable).parent}\nversion = 3.11.7\n"
    (venv / "pyvenv.cfg").write_text(config, encoding="utf-8")
    extras = {"test"}
    stamp = json.dumps(launch.wanted_stamp(app, venv, extras))
    (venv / launch.STAMP).write_text(stamp, encoding="utf-8")
    assert launch.read_stamp(venv)["torch"] == "default"

    def ready() -> bool:
        return launch.is_ready(app, venv, extras)

    assert ready()
    for old, new in (("fake-library>=1", "fake-library>=2"), ("pytest", "pytest>=9")):
        (app / "pyproject.toml").write_text(PYPROJECT.replace(old, new), encoding="utf-8")
        assert not ready()
    (app / "pyproject.toml").write_text(PYPROJECT + "[tool.x]\n", encoding="utf-8")
    assert ready()  # nothing that an installation depends on
    for path, text in {
        venv / "pyvenv.cfg": config.replace("3.11.7", "3.12.1"),
        venv / launch.STAMP: stamp[:-9],
        python: None,
    }.items():
        before = path.read_bytes()
        path.unlink() if text is None else path.write_text(text, encoding="utf-8")
        assert not ready()
        path.write_bytes(before)
        assert ready()
    (venv / "pyvenv.cfg").write_text("home = /gone\nversion = 3.11.7\n", encoding="utf-8")
    assert not ready()
    (venv / "pyvenv.cfg").write_text(config, encoding="utf-8")
    monkeypatch.setenv("EASEL_TORCH_BACKEND", "cpu")
    assert not ready()
    monkeypatch.delenv("EASEL_TORCH_BACKEND")
    assert ready()  # what was chosen stays chosen
    monkeypatch.setattr(launch, "graphics", lambda: "a new card")
    assert not ready()
    monkeypatch.undo()
    app.rename(app.with_name("moved"))
    assert not launch.is_ready(app.with_name("moved"), app.with_name("moved") / ".venv", extras)


# -- whole installations -------------------------------------------------------------------------


def begin(app: Path, *arguments: str, slow: bool = False) -> subprocess.Popen[str]:
    environment = {**os.environ, **({"EASEL_TEST_SLOW": "1"} if slow else {})}
    return subprocess.Popen(
        # Not this process's own Python: it may be in an environment itself.
        [sys.executable, str(app / "launch.py"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env=environment,
        start_new_session=True,
    )


def run(app: Path, *arguments: str) -> tuple[list[str], dict[str, Any]]:
    """A start: what the launcher says, and what the program says."""
    process = begin(app, *arguments)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    *lines, last = output.splitlines()
    return lines, json.loads(last)


def begin_and_wait_in_the_middle(app: Path) -> subprocess.Popen[str]:
    process = begin(app, slow=True)
    until = time.monotonic() + 60
    while not (app / "building").exists() or not (app / "building").read_text(encoding="utf-8"):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    return process


@contextmanager
def in_the_middle(app: Path) -> Iterator[subprocess.Popen[str]]:
    """A start that waits in its installation; nothing of it outlives the test."""
    process = begin_and_wait_in_the_middle(app)
    try:
        yield process
    finally:
        if process.poll() is None:
            kill(process)


def begin_and_meet_another(app: Path) -> subprocess.Popen[str]:
    process = begin(app, "--second")
    assert process.stdout
    assert process.stdout.readline().startswith("Another start is installing into")
    return process


def kill(process: subprocess.Popen[str]) -> None:
    """The process, and all that it has started, at once."""
    family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    for member in family:
        member.kill()
    process.communicate(timeout=10)
    psutil.wait_procs(family, timeout=10)


@pytest.mark.slow
def test_an_interrupted_installation_is_repaired(app: Path) -> None:
    process = begin_and_wait_in_the_middle(app)
    scratch = (app / "building").read_text(encoding="utf-8")
    assert scratch == str(app / ".venv" / "tmp")  # not on /tmp, which may be small
    kill(process)
    assert launch.read_stamp(app / ".venv")["format"] == 0

    lines, said = run(app, "--port", "7", "--no-browser", "a b")
    assert said["arguments"] == ["--port", "7", "--no-browser", "a b"]
    assert Path(said["prefix"]) == app / ".venv"
    assert any(line.startswith("Making ") for line in lines)
    assert not (app / ".venv" / "tmp").exists()

    # The second start has nothing to do, and does nothing.
    log = (app / ".venv" / "install.log").read_bytes()
    lines, said = run(app)
    assert lines == [] and said["arguments"] == []
    assert launch.read_stamp(app / ".venv")["format"] == launch.FORMAT
    assert (app / ".venv" / "install.log").read_bytes() == log

    # A library left in part, a pip that is gone, a Python that is gone.
    site = launch.packages(app / ".venv", "fake_library")[0].parent
    (site / "fake_library" / "data.txt").write_text("0", encoding="utf-8")
    shutil.rmtree(site / "pip")
    launch.python_of(app / ".venv").unlink()
    lines, said = run(app)
    assert lines and said["library"] == 7
    assert (site / "fake_library" / "data.txt").stat().st_size == 1000
    assert run(app)[0] == []


@pytest.mark.slow
def test_a_moved_folder_is_repaired(app: Path) -> None:
    run(app)
    moved = app.with_name("elsewhere")
    shutil.copytree(app, moved, symlinks=True)  # a copy shows what still points at the old place
    lines, said = run(moved, "--x")
    assert lines and Path(said["prefix"]) == moved / ".venv"
    shutil.rmtree(app)
    assert run(moved)[0] == []
    scripts = launch.python_of(moved / ".venv").parent
    if os.name != "nt":
        for command, expected in ((["webui", "y"], '"y"'), (["fake-tool"], "tool 7")):
            done = subprocess.run(
                [scripts / command[0], *command[1:]], capture_output=True, text=True, check=True
            )
            assert expected in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to another process")
def test_ctrl_c_ends_quietly(app: Path) -> None:
    with in_the_middle(app) as process:
        process.send_signal(signal.SIGINT)  # to the launcher alone: it has to end its step
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output.endswith("\nStopped; the next start goes on from here.\n")
    assert "Traceback" not in output


@pytest.mark.slow
def test_a_second_start_waits_for_the_first(app: Path) -> None:
    with in_the_middle(app) as first:
        second = begin_and_meet_another(app)
        (app / "go").touch()
        assert first.communicate(timeout=120)[0] and first.returncode == 0
        output, _ = second.communicate(timeout=120)
    assert json.loads(output)["arguments"] == ["--second"]  # and it installed nothing itself


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows does not hand the lock on to a step")
def test_a_step_that_outlives_the_launcher_is_waited_for(app: Path) -> None:
    first = begin_and_wait_in_the_middle(app)
    first.kill()
    first.communicate(timeout=60)
    second = begin_and_meet_another(app)
    (app / "go").touch()
    output, _ = second.communicate(timeout=120)
    assert second.returncode == 0, output
    assert json.loads(output.splitlines()[-1])["library"] == 7


@pytest.mark.slow
def test_failures_are_one_sentence(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = PYPROJECT.replace("fake-library>=1", "no-such-library")
    (app / "pyproject.toml").write_text(text, encoding="utf-8")
    backend = BACKEND.replace("fake-library>=1", "no-such-library")
    (app / "backend.py").write_text(backend, encoding="utf-8")
    process = begin(app)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output.splitlines()[-1] == (
        "Easel: The installation failed (No matching distribution found for no-such-library): "
        "see .venv/install.log, then start again."
    )
    assert "Traceback" not in output

    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "https://nowhere.invalid/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    process = begin(app)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output.splitlines()[-1] == (
        "Easel: The libraries cannot be downloaded: check the network or the proxy, "
        "then start again."
    )
