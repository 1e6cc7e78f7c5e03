"""Python packages that an extension requires: what pip would install, without installing it.

What is installed stays as it is: it is pip's constraint, so that an extension that needs another
version is refused. Only wheels are taken, as building others would run their code.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from webui.core.errors import UserError

SECONDS = 600
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")


class Package(BaseModel):
    """A Python package that would be installed."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str


def packages_needed(name: str, requires: Sequence[str]) -> tuple[Package, ...]:
    """What is missing of an extension's packages and theirs.

    Raises:
        UserError: they cannot be had beside what is installed.
    """
    if not requires:
        return ()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        _pip(name, requires, "--dry-run", "--report", str(report))
        found = [one["metadata"] for one in json.loads(report.read_bytes())["install"]]
    return tuple(Package(name=one["name"], version=one["version"]) for one in found)


def install_packages(name: str, packages: Sequence[Package]) -> None:
    """Install exactly these.

    Raises:
        UserError: pip could not.
    """
    if packages:
        _pip(name, [f"{one.name}=={one.version}" for one in packages], "--quiet", "--no-deps")


def uninstall_packages(names: Sequence[str]) -> None:
    """Take packages away that nobody needs any more; one that stays is no harm."""
    if names:
        command = [*_PIP, "uninstall", "--yes", "--quiet", *names]
        subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)


def _pip(name: str, requires: Sequence[str], *options: str) -> None:
    pins = {one.name: f"{one.name}=={one.version}" for one in distributions() if one.name}
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder, "constraints.txt")
        constraints.write_text("\n".join(sorted(pins.values())), encoding="utf-8")
        command = [*_PIP, "install", "--only-binary", ":all:", "-c", str(constraints)]
        try:
            done = subprocess.run(
                [*command, *options, "--", *requires],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise UserError("extension_requires", name=name, reason="no answer") from error
    if done.returncode:
        raise _refused(name, f"{done.stdout}\n{done.stderr}")


def _refused(name: str, said: str) -> UserError:
    """What pip said, in a sentence: which version is there, or its own words."""
    asked = re.findall(r"^ +The user requested (\(constraint\) )?(\S+)$", said, re.MULTILINE)
    wanted = [package for pinned, package in asked if not pinned]
    there = [package for pinned, package in asked if pinned]
    if wanted and there:
        return UserError("extension_conflict", name=name, wanted=wanted[0], there=there[0])
    errors = [line for line in said.splitlines() if line.startswith("ERROR: ")]
    reason = errors[0].removeprefix("ERROR: ")[:300] if errors else "pip: ?"
    return UserError("extension_requires", name=name, reason=reason)
