"""An extension brought here to be looked at: from a folder, a zip file or a git address.

Nothing of it runs: files are copied, links and odd paths are refused.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from webui.core.errors import UserError
from webui.core.extension import MANIFEST

MOST_FILES = 5000
MOST_BYTES = 500_000_000
GIT_SECONDS = 300
LEFT_OUT = (".git", "__pycache__", ".venv", "node_modules", ".pytest_cache")
_GIT = re.compile(r"(?:https|ssh|file)://[^\s]+|git@[\w.-]+:[\w./~-]+")


@dataclass(frozen=True)
class Fetched:
    """What was brought.

    Attributes:
        folder: the copy, whose name means nothing.
        source: where it came from, as an update asks again.
        revision: of git; None for the others.
    """

    folder: Path
    source: str
    revision: str | None = None


def fetch(source: str, into: Path) -> Fetched:
    """Copy an extension below an empty folder.

    Raises:
        UserError: there is none at that place, or it holds what is not taken.
    """
    target = into / "files"
    source = source.removeprefix("git+")  # as pip writes such an address
    if _GIT.fullmatch(source):
        return _from_git(source, into / "clone", target)
    path = Path(os.path.abspath(os.path.expanduser(source)))
    if path.is_dir():
        _copy(path, target, source)
        return Fetched(target, str(path))
    if path.is_file() and zipfile.is_zipfile(path):
        _unzip(path, into / "zip", source)
        _copy(_root(into / "zip", source), target, source)
        return Fetched(target, str(path))
    raise _refused(source, "none")


def _from_git(source: str, clone: Path, target: Path) -> Fetched:
    safe = ["-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never"]
    command = ["git", *safe, "clone", "--quiet", "--depth", "1", "--", source, str(clone)]
    _git(command, source)
    revision = _git(["git", "-C", str(clone), "rev-parse", "HEAD"], source).strip()
    _copy(clone, target, source)
    return Fetched(target, source, revision)


def _git(command: list[str], source: str) -> str:
    quiet = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=GIT_SECONDS, env=quiet, check=True
        )
    except FileNotFoundError as error:
        raise _refused(source, "no_git") from error
    except subprocess.TimeoutExpired as error:
        raise _refused(source, "silent", seconds=GIT_SECONDS) from error
    except subprocess.CalledProcessError as error:
        words = str(error.stderr).strip().splitlines()
        raise _refused(source, "git", words=words[-1][:200] if words else "?") from error
    return done.stdout


def _unzip(path: Path, into: Path, source: str) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MOST_FILES or sum(one.file_size for one in members) > MOST_BYTES:
            raise _refused(source, "large")
        for one in members:
            name = Path(one.filename)
            odd = name.is_absolute() or ".." in name.parts or "\\" in one.filename
            if odd or stat.S_ISLNK(one.external_attr >> 16):
                raise _refused(source, "path", path=one.filename[:80])
        archive.extractall(into)


def _root(folder: Path, source: str) -> Path:
    """The folder of the manifest: the archive's top, or the one folder in it."""
    inner = [one for one in folder.iterdir() if one.is_dir()]
    for one in (folder, *inner[:1]):
        if (one / MANIFEST).is_file():
            return one
    raise _refused(source, "manifest", file=MANIFEST)


def _copy(folder: Path, target: Path, source: str) -> None:
    if not (folder / MANIFEST).is_file():
        raise _refused(source, "manifest", file=MANIFEST)
    count = size = 0
    for file in _files(folder):
        if file.is_symlink():
            raise _refused(source, "link", path=str(file.relative_to(folder))[:80])
        count, size = count + 1, size + file.stat().st_size
        if count > MOST_FILES or size > MOST_BYTES:
            raise _refused(source, "large")
        copy = target / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if one not in LEFT_OUT]
        yield from (Path(root, one) for one in folders if Path(root, one).is_symlink())
        yield from (Path(root, one) for one in names)


def _refused(source: str, why: str, **values: str | int) -> UserError:
    cause = UserError(f"extension_source_{why}", None, **values).problem
    error = UserError("extension_source", source=source[:200], reason=cause.message)
    error.problem = error.problem.model_copy(update={"cause": cause})
    return error
