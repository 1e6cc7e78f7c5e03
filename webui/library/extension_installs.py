"""Extensions installed, updated and removed: first a plan, then, with consent, the deed.

What was there before is kept, one version of each, so that every step can be undone.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from webui.core.errors import UnknownId, UserError
from webui.core.extension import MANIFEST, Manifest, read_manifest
from webui.core.files import write_atomically
from webui.core.paths import Paths
from webui.library.extension_packages import (
    Package,
    install_packages,
    packages_needed,
    uninstall_packages,
)
from webui.library.extension_sources import Fetched, fetch

_PLAN = "plan.json"
_SHOWN = 100
FORGOTTEN_SECONDS = 24 * 3600.0
"""After which a plan that nobody consented to is thrown away."""


class Plan(BaseModel):
    """What installing would do; nothing of it has run.

    Attributes:
        id: of the plan.
        before: the version that is there now, None if it is new.
        packages: Python packages that would be installed.
        added, changed, removed: files, against the version that is there now.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    source: str
    revision: str | None = None
    manifest: Manifest
    files: int
    bytes: int
    packages: tuple[Package, ...] = ()
    before: str | None = None
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Record(BaseModel):
    """What is known of an installed extension."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    source: str
    revision: str | None = None
    installed: float = 0.0
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Installs:
    """The user's own extensions.

    Attributes:
        folder: where they lie.
        state: what is known of them.
        others: folders with extensions that are not the user's to change.
    """

    folder: Path
    state: Path
    others: tuple[Path, ...] = ()

    @classmethod
    def of(cls, paths: Paths) -> Installs:
        """Those of a data folder."""
        own = paths.own_extensions
        others = tuple(one for one in paths.extension_folders if one != own)
        return cls(own, paths.installs, others)

    def plan(self, source: str) -> Plan:
        """Bring an extension here and say what installing it would do.

        Raises:
            UserError: it cannot be had, is none, or does not fit beside what is installed.
        """
        self._forget()
        staged = self.state / "plans" / secrets.token_hex(8)
        staged.mkdir(parents=True)
        try:
            plan = self._plan(staged, fetch(source, staged))
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        write_atomically(staged / _PLAN, plan.model_dump_json().encode())
        return plan

    def plan_update(self, name: str) -> Plan:
        """The same from where it came from.

        Raises:
            UnknownId: it is not known where it came from.
        """
        record = self.record(name)
        if record is None:
            raise UnknownId("extension_not_installed", name=name[:_SHOWN])
        return self.plan(record.source)

    def install(self, id: str) -> Record:
        """Do what a plan says.

        Raises:
            UnknownId: there is no such plan.
            UserError: pip or the disk refuses; nothing is changed.
        """
        staged = self.state / "plans" / id
        try:
            if not id.isalnum():
                raise FileNotFoundError(id)
            plan = Plan.model_validate_json((staged / _PLAN).read_bytes())
        except (OSError, ValidationError) as error:
            raise UnknownId("no_plan", id=id[:_SHOWN]) from error
        name = plan.manifest.name
        install_packages(name, plan.packages)
        old = self.record(name)
        self._keep(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.move(staged / "files", self.folder / name)
        shutil.rmtree(staged, ignore_errors=True)
        packages = {*(one.name for one in plan.packages), *(old.packages if old else ())}
        record = Record(
            name=name,
            version=plan.manifest.version,
            source=plan.source,
            revision=plan.revision,
            installed=time.time(),
            packages=tuple(sorted(packages)),
        )
        self._write(record)
        return record

    def remove(self, name: str) -> Record:
        """Take it away, with the Python packages that came with it; `restore` brings it back.

        Raises:
            UnknownId: it was not installed by this.
        """
        record = self.record(name)
        if record is None or not self._is_own(name):
            raise UnknownId("extension_not_installed", name=name[:_SHOWN])
        self._keep(name)
        others = {one for other in self._records(name) for one in other.packages}
        uninstall_packages(sorted(set(record.packages) - others))
        return record

    def restore(self, name: str) -> str:
        """Bring back what was there before the last step; returns its version.

        Raises:
            UnknownId: nothing is kept of it.
            UserError: its Python packages cannot be had any more.
        """
        kept = self._kept(name)
        if not name.isidentifier() or not (kept / MANIFEST).is_file():
            raise UnknownId("extension_nothing_kept", name=name[:_SHOWN])
        manifest = read_manifest(kept, name)
        install_packages(name, packages_needed(name, manifest.requires))
        aside = self.state / f"{name}.{secrets.token_hex(4)}"
        kept.rename(aside)
        if self._is_own(name):
            (self.folder / name).rename(kept)
        self.folder.mkdir(parents=True, exist_ok=True)
        aside.rename(self.folder / name)
        if record := self.record(name):
            self._write(record.model_copy(update={"version": manifest.version}))
        return manifest.version

    def names(self) -> tuple[str, ...]:
        """Those that were installed by this and are there."""
        return tuple(one.name for one in self._records() if self._is_own(one.name))

    def record(self, name: str) -> Record | None:
        """What is known of an extension; None if it was not installed by this."""
        return next((one for one in self._records() if one.name == name), None)

    def _plan(self, staged: Path, fetched: Fetched) -> Plan:
        name = _name_in(fetched.folder)
        manifest = read_manifest(fetched.folder, name)
        now = self.folder / name
        by_hand = now.exists() and self.record(name) is None  # or with the program, in a clone
        if by_hand or any((folder / name / MANIFEST).is_file() for folder in self.others):
            raise UserError("extension_twice", name=name)
        new, old = _digests(fetched.folder), _digests(now)
        return Plan(
            id=staged.name,
            source=fetched.source,
            revision=fetched.revision,
            manifest=manifest,
            files=len(new),
            bytes=sum((fetched.folder / one).stat().st_size for one in new),
            packages=packages_needed(name, manifest.requires),
            before=_version(now),
            added=tuple(sorted(new.keys() - old.keys())) if old else (),
            changed=tuple(sorted(one for one in new.keys() & old.keys() if new[one] != old[one])),
            removed=tuple(sorted(old.keys() - new.keys())),
        )

    def _is_own(self, name: str) -> bool:
        return name.isidentifier() and (self.folder / name / MANIFEST).is_file()

    def _kept(self, name: str) -> Path:
        return self.state / f"{name}.before"

    def _keep(self, name: str) -> None:
        """Put what is there now in the place of what is kept."""
        now = self.folder / name
        if now.is_dir():
            shutil.rmtree(self._kept(name), ignore_errors=True)
            self.state.mkdir(parents=True, exist_ok=True)
            shutil.move(now, self._kept(name))

    def _records(self, without: str = "") -> list[Record]:
        found: list[Record] = []
        for file in sorted(self.state.glob("*.json")):
            with suppress(OSError, ValidationError):
                found.append(Record.model_validate_json(file.read_bytes()))
        return [one for one in found if one.name != without]

    def _write(self, record: Record) -> None:
        path = self.state / f"{record.name}.json"
        write_atomically(path, record.model_dump_json(indent=2).encode())

    def _forget(self) -> None:
        """Throw away plans that nobody consented to."""
        for staged in (self.state / "plans").glob("*"):
            if time.time() - staged.stat().st_mtime > FORGOTTEN_SECONDS:
                shutil.rmtree(staged, ignore_errors=True)


def _name_in(folder: Path) -> str:
    """The name that a manifest says, read leniently: it is checked right after."""
    text = (folder / MANIFEST).read_text(encoding="utf-8", errors="replace")
    found = re.search(r'^\s*name\s*=\s*["\']([a-z][a-z0-9_]{0,63})["\']', text, re.MULTILINE)
    return found[1] if found else folder.name


def _digests(folder: Path) -> dict[str, str]:
    """File -> hash of what is in it; nothing where the folder is not there."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def _version(folder: Path) -> str | None:
    try:
        return read_manifest(folder).version if folder.is_dir() else None
    except UserError:
        return "?"
