"""The contract tests that `webui extensions check` runs on an extension, and its own tests.

Each side is loaded in a process of its own, as in real life: what it does to the process, and
whether `server` brings a library of models in, shows there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from webui.core.errors import UserError
from webui.core.extension import Manifest, Side, read_manifest
from webui.core.paths import CLONE
from webui.core.texts import LANGUAGES
from webui.library.cards import CARDS
from webui.library.extension_packages import packages_needed

SECONDS = 300
_LOAD = """
import json, sys
from pathlib import Path
from webui.core.contract import findings
print(json.dumps(findings(Path(sys.argv[1]), sys.argv[2])))
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: in English, as test names are.
        problem: empty: it is well.
    """

    what: str
    problem: str = ""


def check_extension(folder: Path) -> Iterator[Finding]:
    """All that the contract asks of an extension, one by one."""
    try:
        manifest = read_manifest(folder)
    except UserError as error:
        yield Finding("manifest", str(error))
        return
    yield Finding("manifest")
    missing = [tongue for tongue in LANGUAGES if tongue not in manifest.title]
    yield Finding("title in all languages", f"none in {', '.join(missing)}" if missing else "")
    yield from _locales(folder)
    yield _packages(manifest)
    ours = [one.name for one in manifest.families if one.name in CARDS]
    yield Finding("families of its own", f"{ours[0]} is one of ours" if ours else "")
    for side in ("server", "worker"):
        yield from _side(folder, side)
    if any((folder / "tests").glob("test_*.py")):
        yield _own_tests(folder)


def _locales(folder: Path) -> Iterator[Finding]:
    files = sorted((folder / "locales").glob("*.json"))
    keys: dict[str, set[str]] = {}
    for file in files:
        try:
            keys[file.stem] = set(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            yield Finding(f"locales/{file.name}", str(error))
    if keys:
        every = set[str]().union(*keys.values())
        lacking = [f"{tongue}: {', '.join(sorted(every - own))}" for tongue, own in keys.items()]
        wrong = [line for line in lacking if not line.endswith(": ")]
        yield Finding("the same texts in all languages", "; ".join(wrong))


def _packages(manifest: Manifest) -> Finding:
    try:
        needed = packages_needed(manifest.name, manifest.requires)
    except UserError as error:
        return Finding("required packages", str(error))
    names = ", ".join(f"{one.name} {one.version}" for one in needed)
    return Finding("required packages", f"not installed: {names}" if names else "")


def _side(folder: Path, side: Side) -> Iterator[Finding]:
    done = _run([sys.executable, "-c", _LOAD, str(folder), side], folder)
    if done is None:
        yield Finding(f"{side}: loads", f"no end after {SECONDS} seconds")
        return
    try:
        told: list[list[str]] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        yield Finding(f"{side}: loads", (done.stderr.strip().splitlines() or ["?"])[-1])
        return
    yield from (Finding(f"{side}: {what}", problem) for what, problem in told)


def _own_tests(folder: Path) -> Finding:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(folder / "tests"),
    ]
    done = _run(command, folder)
    if done is None:
        return Finding("its own tests", f"no end after {SECONDS} seconds")
    if "No module named pytest" in done.stderr:
        return Finding("its own tests", "pytest is not installed: pip install pytest")
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return Finding(
        "its own tests", "; ".join(lines)[:500] or "they fail" if done.returncode else ""
    )


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str] | None:
    path = os.pathsep.join([str(CLONE), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    try:
        return subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return None
