"""`webui models`: the models of every kind, told by their headers; needs no server."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import datetime

from webui.cli import shelf
from webui.cli.words import size, worded
from webui.core.errors import Problem, UserError
from webui.core.hashing import Hash
from webui.core.paths import Paths
from webui.jobs.hashing import compute_hashes, models_to_hash
from webui.library.catalog import Catalog
from webui.library.entries import Entry
from webui.library.known import Known, find_known, with_places

_HIDDEN = ("id", "name", "kind", "problem", "preview", "folder")
"""Fields of an entry that `info` shows in another way, or not at all."""


def run(options: argparse.Namespace, language: str) -> int:
    """List, describe or hash; the exit code is 1 if a model is not there or cannot be read."""
    paths = Paths.choose(options.data_dir, options.models_dir, options.outputs_dir)
    catalog = Catalog.of(paths)
    if options.action == "list":
        return _list(options, catalog, language)
    if options.action == "known":
        return _known(options, catalog)
    if options.action in _SHELF:
        return _on_shelf(options, paths, catalog, language)
    if options.action == "hash" and not options.names:
        return _hash_all(options, catalog, language)
    shown = [_show(name, options, catalog, language) for name in options.names]
    return 0 if all(shown) else 1


def _list(options: argparse.Namespace, catalog: Catalog, language: str) -> int:
    asked = {name: value for name, value in vars(options).items() if name in _ASKED}
    page = catalog.entries(limit=None, **asked)
    for entry in page.entries:
        print(entry.model_dump_json() if "json" in options else line(entry, language))
    for problem in page.problems:
        _complain(problem, language)
    return 0


def _on_shelf(options: argparse.Namespace, paths: Paths, catalog: Catalog, language: str) -> int:
    try:
        if options.action == "disk":
            return shelf.disk(options, paths, catalog)
        if options.action == "delete":
            return shelf.delete(options, paths, catalog, language)
        return (shelf.trash if options.action == "trash" else shelf.restore)(options, catalog)
    except UserError as error:
        _complain(error.problem, language)
        return 1


def _known(options: argparse.Namespace, catalog: Catalog) -> int:
    """The well-known models, each with whether it is here."""
    found = find_known(getattr(options, "search", ""), getattr(options, "kind", None))
    for one in with_places(found, catalog.entries(limit=None).entries):
        print(one.model_dump_json() if "json" in options else _line_of(one))
    return 0


def _line_of(one: Known) -> str:
    large = size(one.bytes) if one.bytes else "–"
    mark = "✓" if one.here else " "
    needs = " (token)" if one.token else ""
    licence = f"{one.licence or '–'}{needs}"
    return f"{mark} {one.name:22} {one.kind:15} {one.family or '–':12} {large:>9}  {licence}"


def _hash_all(options: argparse.Namespace, catalog: Catalog, language: str) -> int:
    """All that have no hashes yet; how far it is goes to a terminal's error output."""
    wanted = models_to_hash(Hash(of=getattr(options, "kind", None)), catalog)

    def tell(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{size(done)} / {size(total)} ", end="", file=sys.stderr, flush=True)

    found = compute_hashes(wanted, catalog, tell)
    if sys.stderr.isatty() and wanted:
        print(file=sys.stderr)
    for entry in found:
        print(entry.model_dump_json() if "json" in options else _hash_line(entry, language))
    return 0 if len(found) == len(wanted) and not any(one.broken for one in found) else 1


def _hash_line(entry: Entry, language: str) -> str:
    """The numbers of a file; of one that is not whole they are no model's, so that is said, too."""
    wrong = f"  ({worded(entry.problem, language)})" if entry.problem else ""
    return f"{entry.sha256}  {entry.autov3 or '–':12}  {entry.path}{wrong}"


_SHELF = ("disk", "delete", "trash", "restore")
_ASKED = ("kind", "family", "search", "sort")


def line(entry: Entry, language: str) -> str:
    """A model in one line: kind, family, size, name, and what is wrong with it."""
    wrong = f"  ({worded(entry.problem, language)})" if entry.problem else ""
    family = entry.family or "–"
    return f"{entry.kind:15} {family:12} {size(entry.bytes):>9}  {entry.name}{wrong}"


def _show(name: str, options: argparse.Namespace, catalog: Catalog, language: str) -> bool:
    try:
        found = shelf.found(name, getattr(options, "kind", None), catalog)
        if options.action == "hash":
            found = [catalog.hashed(entry.id) for entry in found]
    except UserError as error:
        _complain(error.problem, language)
        return False
    for entry in found:
        if "json" in options:
            print(entry.model_dump_json())
        elif options.action == "hash":
            print(_hash_line(entry, language))
        else:
            print("\n".join(_description(entry, language)))
    return options.action != "hash" or not any(one.broken for one in found)


def _description(entry: Entry, language: str) -> Iterator[str]:
    yield f"{entry.name} ({entry.kind})"
    told = json.loads(entry.model_dump_json())
    told["bytes"] = f"{entry.bytes} ({size(entry.bytes)})"
    told["modified"] = datetime.fromtimestamp(entry.modified).strftime("%Y-%m-%d %H:%M:%S")
    for name, value in told.items():
        if value and name not in _HIDDEN:
            words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield f"  {name}: {words}".replace("\n", "\n    ")
    if entry.problem:
        yield f"  {worded(entry.problem, language)}"


def _complain(problem: Problem, language: str) -> None:
    print(f"webui: {worded(problem, language)}", file=sys.stderr)
