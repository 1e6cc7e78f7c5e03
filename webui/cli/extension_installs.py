"""`webui extensions new`, `check`, `install`, `update`, `remove` and `restore`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from webui.cli.words import size
from webui.core.errors import UnknownId
from webui.core.finding import found_folders
from webui.core.paths import Paths
from webui.core.texts import text
from webui.library.extension_contract import check_extension
from webui.library.extension_installs import Installs, Plan
from webui.library.extension_template import write_extension

_SHOWN = 12
"""Names of files in a list."""


def new(options: argparse.Namespace, paths: Paths, language: str) -> int:
    """Write a working extension."""
    print(write_extension(getattr(options, "out", None) or paths.own_extensions, options.name))
    return 0


def check(options: argparse.Namespace, paths: Paths, language: str) -> int:
    """Run the contract tests; the exit code says whether all is well."""
    well = True
    for name in options.names:
        for one in check_extension(_folder(name, paths)):
            well &= not one.problem
            mark = "FAILED" if one.problem else "ok"
            print(f"{mark:7} {name}  {one.what}{': ' if one.problem else ''}{one.problem}")
    return 0 if well else 1


def _folder(name: str, paths: Paths) -> Path:
    """A folder, or where the extension of that name lies."""
    if (folder := Path(name).expanduser()).is_dir():
        return folder.resolve()
    for known, folder in found_folders(paths.extension_folders):
        if known == name:
            return folder
    raise UnknownId("unknown_extension", name=name[:100])


def install(options: argparse.Namespace, paths: Paths, language: str) -> int:
    """Show what would be installed and, with consent, install it."""
    installs = Installs.of(paths)
    return _with_consent(installs, installs.plan(options.source), options, language)


def update(options: argparse.Namespace, paths: Paths, language: str) -> int:
    """The same for what is installed, from where it came from."""
    installs = Installs.of(paths)
    return _with_consent(installs, installs.plan_update(options.name), options, language)


def _with_consent(
    installs: Installs, plan: Plan, options: argparse.Namespace, language: str
) -> int:
    if "json" in options:
        print(plan.model_dump_json())
    else:
        print("\n".join(_lines(plan, language)))
    if not getattr(options, "yes", False) and not _consents(language):
        return 1
    record = installs.install(plan.id)
    done = text("cli.extensions.installed", language, name=record.name, version=record.version)
    print(record.model_dump_json() if "json" in options else done)
    return 0


def _consents(language: str) -> bool:
    if not sys.stdin.isatty():
        print(text("cli.extensions.say_yes", language), file=sys.stderr)
        return False
    said = input(text("cli.extensions.ask", language) + " ")
    return said.strip().casefold() in ("y", "yes", "t", "tak")


def _lines(plan: Plan, language: str) -> Iterator[str]:
    manifest = plan.manifest
    title = manifest.title.get(language) or manifest.title.get("en") or manifest.name
    before = f" ({plan.before} → {manifest.version})" if plan.before else ""
    yield f"{manifest.name} {manifest.version}{before}  {title}"
    if words := manifest.description.get(language) or manifest.description.get("en"):
        yield f"  {words}"
    yield f"  {plan.source}{f' @ {plan.revision[:10]}' if plan.revision else ''}"
    yield f"  {text('cli.extensions.files', language, n=plan.files, size=size(plan.bytes))}"
    permissions = ", ".join(manifest.permissions) or "–"
    yield f"  {text('cli.extensions.permissions', language, names=permissions)}"
    packages = ", ".join(f"{one.name} {one.version}" for one in plan.packages) or "–"
    yield f"  {text('cli.extensions.packages', language, names=packages)}"
    for mark, files in (("+", plan.added), ("~", plan.changed), ("-", plan.removed)):
        yield from (f"  {mark} {one}" for one in files[:_SHOWN])
        if len(files) > _SHOWN:
            yield f"  {mark} … {len(files)}"


def remove(options: argparse.Namespace, paths: Paths, language: str) -> int:
    """Take extensions away."""
    for name in options.names:
        Installs.of(paths).remove(name)
        print(text("cli.extensions.removed", language, name=name))
    return 0


def restore(options: argparse.Namespace, paths: Paths, language: str) -> int:
    """Bring back what was there before."""
    for name in options.names:
        version = Installs.of(paths).restore(name)
        print(text("cli.extensions.restored", language, name=name, version=version))
    return 0
