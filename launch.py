"""Starts Easel; the first start makes .venv beside this file and installs into it.

Standard library only, in the grammar of Python 3.8: an unsupported Python is told so in a sentence.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from webui.torch_build import gigabytes, graphics, output_of, torch_build

OLDEST, NEWEST = (3, 11), (3, 13)
FORMAT = 1  # a higher number makes every .venv run its installation again
KEPT = LOCK, LOG, STAMP, SCRATCH = "launch.lock", "install.log", "easel.json", "tmp"
ALL_TESTS = ["--numprocesses=2", "--no-loadscope-reorder", "--durations=40"]

FIRST_START = """\
usage: python launch.py [--verbose] [arguments of the program | test [arguments of pytest]]

Easel is not installed yet. The first start makes the folder .venv beside launch.py, installs
PyTorch and the other libraries into it (3 to 16 GB, depending on the graphics card), starts the
program, and says at which address to open it. Later starts go straight to the program.

  --verbose         as the first argument: show all that the installation prints
  --host, --port    where the page is served (http://127.0.0.1:7860)
  --data-dir        where settings, history and pictures are kept (--models-dir: the models)
  --no-browser      do not open a browser
  --share           a public address, behind a password
  test              install the test tools too, and run all tests

EASEL_TORCH_BACKEND=auto|default|cpu|cu130|cu126|rocm7.2|xpu chooses the build of PyTorch, which
stays chosen. When Easel is installed, --help lists everything.
"""


class Stop(Exception):
    """What is wrong and what to do, in one sentence; ends the launcher without a traceback."""


say = functools.partial(print, flush=True)


def other_python(windows: bool, run: Callable[[list[str]], str] = output_of) -> str:
    """The path of a supported Python. It is asked for it, as a name alone may be an empty shim."""
    minors = range(NEWEST[1], OLDEST[1] - 1, -1)
    names = [["py", f"-3.{n}"] if windows else [f"python3.{n}"] for n in minors]
    paths = (run([*name, "-c", "import sys; print(sys.executable)"]) for name in names)
    return next(filter(None, paths), "")


def start_elsewhere(arguments: list[str]) -> int:
    """Go on with a supported Python, where there is one."""
    this = "Python {}.{} is not supported".format(*sys.version_info)
    path = other_python(os.name == "nt")
    if not path:
        raise Stop(f"{this}: install Python 3.12 (or 3.11, 3.13) and start launch.py with it.")
    say(f"{this}; going on with {path}.")
    return become([path, os.path.abspath(__file__), *arguments])


def python_of(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def read_config(venv: Path) -> dict[str, str]:
    """What pyvenv.cfg says of the Python that made the environment: home, version, ..."""
    with contextlib.suppress(OSError):
        text = (venv / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
        return dict(re.findall(r"^(\w+) *= *(.*)$", text, re.MULTILINE))
    return {}


def python_version(venv: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", read_config(venv).get("version", ""))))[:2]


def read_project(root: Path) -> dict[str, Any]:
    import tomllib  # since Python 3.11

    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def read_stamp(venv: Path) -> dict[str, Any]:
    """What the last installation was made for; its format is 0 until it came to its end."""
    with contextlib.suppress(OSError, ValueError):
        return json.loads((venv / STAMP).read_text(encoding="utf-8"))
    return {}


def wanted_stamp(root: Path, venv: Path, extras: set[str]) -> dict[str, Any]:
    """All that an installation depends on. Looks at files only, because every start asks it."""
    project = read_project(root)
    return {
        "format": FORMAT,
        "place": str(venv),
        "python": list(python_version(venv)),
        "torch": os.environ.get("EASEL_TORCH_BACKEND") or read_stamp(venv).get("torch", "auto"),
        "graphics": graphics(),
        "project": [project.get(key) for key in ("name", "version", "dependencies", "scripts")],
        "extras": {extra: project["optional-dependencies"].get(extra) for extra in sorted(extras)},
    }


def is_ready(root: Path, venv: Path, extras: set[str]) -> bool:
    has_python = python_of(venv).exists() and Path(read_config(venv).get("home", "")).exists()
    return has_python and read_stamp(venv) == wanted_stamp(root, venv, extras)


def packages(venv: Path, pattern: str) -> list[Path]:
    """The entries of site-packages (on Windows: Lib\\site-packages) that a pattern names."""
    folders = (f"lib/python*/site-packages/{pattern}", f"Lib/site-packages/{pattern}")
    return sorted({path for folder in folders for path in venv.glob(folder)})


def torch_tag(venv: Path) -> str | None:
    """The installed build: "cpu" of torch-2.14.1+cpu, "" from the default index, None if absent."""
    tags = [path.stem.partition("+")[2] for path in packages(venv, "torch-*.dist-info")]
    return tags[0] if tags else None


def is_whole(dist_info: Path) -> bool:
    """Whether a package's modules are there in full, by its own list (which pip writes last)."""
    record, folder = dist_info / "RECORD", dist_info.parent
    with contextlib.suppress(OSError, ValueError), open(record, encoding="utf-8", newline="") as f:
        files = [row for row in csv.reader(f) if row[2] and not row[0].startswith("..")]
        return all((folder / name).stat().st_size == int(size) for name, _, size in files)
    return False


TROUBLE = {
    "The disk is full: make room on the disk of {root}, then start again.": (
        r"No space left|Errno 28\b|Errno 122\b|WinError 112\b|not enough space|Disk quota"
    ),
    "{root} cannot be written to: change its permissions, or move Easel to a folder of yours.": (
        r"Permission denied|Errno 13\b|Errno 30\b|Read-only file system|Access is denied"
    ),
    "The libraries cannot be downloaded: check the network or the proxy, then start again.": (
        r"NameResolutionError|NewConnectionError|Failed to establish|Name or service not known"
        r"|getaddrinfo failed|dns error|Network is unreachable|ProxyError|SSLError|ConnectTimeout"
        r"|ReadTimeout|timed out|ConnectionResetError|Connection (aborted|refused)"
    ),
}


def explain(text: str, root: Path) -> str:
    """One sentence for what a failed step printed, or for an error of the system."""
    for sentence, pattern in TROUBLE.items():
        if re.search(pattern, text, re.IGNORECASE):
            return sentence.format(root=root)
    reasons = re.findall(r"^error: *(.+)$", text, re.MULTILINE | re.IGNORECASE) or ["no reason"]
    return f"The installation failed ({reasons[-1]}): see .venv/{LOG}, then start again."


class Installer:
    """Brings a .venv to what the project asks for, from whatever state it is in."""

    def __init__(self, root: Path, venv: Path, verbose: bool, lock: int) -> None:
        self.root, self.venv, self.verbose, self.lock = root, venv, verbose, lock
        self.python = str(python_of(venv))
        self.environment = {
            **os.environ,
            "TMPDIR": str(venv / SCRATCH),  # /tmp may be a small disk in memory
            "VIRTUAL_ENV": str(venv),
        }

    def install(self, extras: set[str]) -> None:
        begun = time.monotonic()
        say(f"Making {self.venv} ready; the first time this takes some minutes.")
        self.write_stamp(extras, 0)
        shutil.rmtree(self.venv / SCRATCH, ignore_errors=True)
        (self.venv / SCRATCH).mkdir()
        self.make_environment()
        self.forget_broken_packages()
        self.install_torch()
        say("Installing the other libraries ...")
        names = ",".join(sorted(extras))
        self.pip_install("--editable", str(self.root) + (f"[{names}]" if names else ""))
        shutil.rmtree(self.venv / SCRATCH, ignore_errors=True)
        self.write_stamp(extras, FORMAT)
        say(f"Ready after {time.monotonic() - begun:.0f} s.")

    def write_stamp(self, extras: set[str], form: int) -> None:
        stamp = {**wanted_stamp(self.root, self.venv, extras), "format": form}
        (self.venv / STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")

    def run(self, *command: str) -> None:
        """One step. Its output goes to the log, the names of large downloads to the screen."""
        output = []
        with open(self.venv / LOG, "a", encoding="utf-8") as log, self.started(command) as process:
            log.write("\n$ " + " ".join(command) + "\n")
            for line in process.stdout or ():
                log.write(line)
                output.append(line)
                if self.verbose or re.search(r"Downloading .*\((\d{3}[\d.]* ?Mi?B|.*Gi?B)\)", line):
                    say("  " + line.strip())
        if process.returncode:
            raise Stop(explain("".join(output[-200:]), self.root))

    @contextlib.contextmanager
    def started(self, command: tuple[str, ...]) -> Iterator[subprocess.Popen[str]]:
        """A running step; it ends with this process, unless that is killed outright."""
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=self.environment,
            # A step that goes on after this process was killed keeps its lock until it is done.
            pass_fds=() if os.name == "nt" else (self.lock,),
        )
        try:
            yield process
        except BaseException:
            process.terminate()
            raise
        finally:
            process.wait()

    def pip_install(self, *arguments: str) -> None:
        self.run(
            self.python, "-m", "pip", "install", "--no-input", "--progress-bar=off", *arguments
        )

    def make_environment(self) -> None:
        """A .venv with a Python and a pip that run, and scripts that name this folder."""
        if self.is_healthy():
            return
        if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
            debian = "sudo apt install python{}.{}-venv".format(*sys.version_info)
            raise Stop(f"Python's venv is missing: install it (Debian and Ubuntu: {debian}).")
        make = (sys.executable, "-m", "venv", str(self.venv))
        if python_version(self.venv) == sys.version_info[:2]:
            self.run(*make)  # over the old one: what is installed stays
            self.mend_scripts()
        if not self.is_healthy():
            self.clear()
            self.run(*make)

    def is_healthy(self) -> bool:
        activate = Path(self.python).with_name("activate")
        return (
            OLDEST <= python_version(self.venv) <= NEWEST
            and activate.exists()
            and str(self.venv) in activate.read_text(encoding="utf-8", errors="replace")
            and output_of([self.python, "-m", "pip", "--version"]) != ""
        )

    def clear(self) -> None:
        """Empty the environment, but for what this process itself has in use."""
        for path in {*self.venv.iterdir()} - {self.venv / name for name in KEPT}:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def mend_scripts(self) -> None:
        """The scripts of a folder that was moved or copied start the Python of the old place."""
        old = re.compile(rb"\A#!(/.*/bin/python[\d.]*|/bin/sh\n'''exec' .*\n' ''')\n")
        new = f"#!/bin/sh\n'''exec' \"{self.python}\" \"$0\" \"$@\"\n' '''\n"
        for script in Path(self.python).parent.iterdir():
            if script.is_file() and not script.is_symlink():
                head = old.match(script.read_bytes())
                if head:
                    script.write_bytes(os.fsencode(new) + script.read_bytes()[head.end() :])

    def forget_broken_packages(self) -> None:
        """Have pip install again what an interrupted installation left in part."""
        broken = [path for path in packages(self.venv, "*.dist-info") if not is_whole(path)]
        for path in [*broken, *packages(self.venv, "~*")]:  # ~: half uninstalled
            shutil.rmtree(path)

    def install_torch(self) -> None:
        chosen = read_stamp(self.venv)["torch"]
        build = torch_build(sys.platform, graphics()) if chosen == "auto" else chosen
        tag = torch_tag(self.venv)
        self.check_space(build)
        say(f"Installing PyTorch (build: {build}) ...")
        if build == "default":  # the project's own requirement
            if tag:
                self.run(self.python, "-m", "pip", "uninstall", "--yes", "torch", "torchvision")
            return
        try:
            self.install_torch_build(build, again=tag not in (None, build))
        except Stop:
            if chosen != "auto":
                raise
            say(f"PyTorch's own index failed (see .venv/{LOG}): installing its default build ...")
            self.check_space("default")

    def install_torch_build(self, build: str, again: bool) -> None:
        """uv knows torch's own indexes, and takes torch's packages and no others from them."""
        is_torch = re.compile(r"torch(vision|audio)?(?![\w-])").match
        requirements = filter(is_torch, read_project(self.root)["dependencies"])
        self.pip_install("uv")
        self.run(
            *(self.python, "-m", "uv", "pip", "install", "--no-progress"),
            *(f"--torch-backend={build}", *(["--reinstall-package=torch"] if again else [])),
            *(f"--constraint={path}" for path in os.environ.get("PIP_CONSTRAINT", "").split()),
            *requirements,
        )

    def check_space(self, build: str) -> None:
        need = gigabytes(build, sys.platform) if torch_tag(self.venv) is None else 1
        free = shutil.disk_usage(self.venv).free / 1e9
        if free < need:
            numbers = f"{free:.1f} GB free, and Easel needs about {need} GB"
            raise Stop(f"The disk of {self.root} has {numbers}: make room, then start again.")


def try_to_lock(lock: int) -> bool:
    """The system lets go of the lock when its holders end, however they end."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def locked(venv: Path) -> Iterator[int]:
    """Only one launcher at a time changes the environment; others wait for it."""
    venv.mkdir(exist_ok=True)
    with open(venv / LOCK, "a", encoding="utf-8") as file:
        if not try_to_lock(file.fileno()):
            say(f"Another start is installing into {venv}; waiting for it ...")
            while not try_to_lock(file.fileno()):
                time.sleep(0.5)
        yield file.fileno()


def become(command: list[str]) -> int:
    """Run the program in this process's place (on Windows: and wait for it)."""
    if os.name != "nt":
        os.execv(command[0], command)
    process = subprocess.Popen(command)
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # it got Ctrl+C as well, and ends by itself
            return process.wait()


def start(root: Path, arguments: list[str]) -> int:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return start_elsewhere(arguments)
    verbose = arguments[:1] == ["--verbose"]
    rest = arguments[verbose:]
    testing = rest[:1] == ["test"]
    venv = root / ".venv"
    extras = {*read_stamp(venv).get("extras", ()), *rest[:testing]}
    if not is_ready(root, venv, extras):
        if {"-h", "--help"} & set(rest):
            say(FIRST_START)
            return 0
        with locked(venv) as lock:
            if not is_ready(root, venv, extras):  # another start may have done it meanwhile
                Installer(root, venv, verbose, lock).install(extras)
    if testing:
        os.chdir(root)
        return become([str(python_of(venv)), "-m", "pytest", *(rest[1:] or ALL_TESTS)])
    # -P: the folder it is started in may hold a "webui" of its own.
    return become([str(python_of(venv)), "-P", "-m", "webui", *rest])


def main() -> int:
    root = Path(os.path.abspath(__file__)).parent
    try:
        return start(root, sys.argv[1:])
    except Stop as stop:
        print(f"Easel: {stop}", file=sys.stderr)
    except OSError as error:
        print(f"Easel: {explain(f'error: {error}', root)}", file=sys.stderr)
    except KeyboardInterrupt:
        say("\nStopped; the next start goes on from here.")
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
