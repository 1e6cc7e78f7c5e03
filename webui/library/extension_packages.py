"""Python packages that an extension requires: what pip would install, without installing it.

What is installed stays as it is: it is pip's constraint, so that an extension that needs another
version is refused. Only wheels are taken, as building others would run their code.
"""

from __future__ import annotations

import json
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
    report = json.loads(_pip(name, requires, "--dry-run", "--quiet", "--report", "-"))
    found = [one["metadata"] for one in report["install"]]
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


def _pip(name: str, requires: Sequence[str], *options: str) -> str:
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
        raise UserError("extension_requires", name=name, reason=_reason(done.stderr))
    return done.stdout


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
    conflict = [line for line in lines if "requested" in line or "constraint" in line]
    return "; ".join([*conflict[:3], *errors[:1]])[:300] or "pip failed"
