"""Gets the npm packages that the pictures come from."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

from tools.demo.words import Source


def package_folder(state: Path, name: str, source: Source) -> Path:
    """Where a package lies once it is unpacked."""
    return state / "packages" / f"{name.strip('@').replace('/', '-')}-{source.version}"


def fetch_packages(state: Path, sources: dict[str, Source]) -> None:
    """Bring every package that is not there yet, with the user's own npm and its settings.

    Raises:
        FileNotFoundError: npm is not installed.
        subprocess.CalledProcessError: npm could not get a package.
    """
    for name, source in sources.items():
        folder = package_folder(state, name, source)
        if not folder.exists():
            unpack(pack(state / "packages", f"{name}@{source.version}"), folder)


def pack(folder: Path, package: str) -> Path:
    """Run `npm pack` in `folder`; returns the archive it wrote."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError(
            "npm was not found: install Node.js, which brings it, and try again"
        )
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "pack", "--silent", package],
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return folder / done.stdout.split()[-1]


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an npm archive (all in a folder `package`) so that `folder` is whole or absent."""
    half = folder.with_name(folder.name + ".half")
    shutil.rmtree(half, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(half, filter="data")
    (half / "package").rename(folder)
    half.rmdir()
    archive.unlink()
