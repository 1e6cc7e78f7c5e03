"""`webui models disk`, `delete`, `trash` and `restore`: the disk and the trash."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from webui.cli.words import size, worded
from webui.core.errors import UnknownId, UserError
from webui.core.events import Job
from webui.core.explain import nearest
from webui.core.kinds import MODEL_KINDS
from webui.core.paths import Paths
from webui.jobs.last_used import LastUsed
from webui.jobs.ledger import Ledger, LedgerError
from webui.jobs.records import Asked
from webui.jobs.uses import is_needed
from webui.library.catalog import Catalog
from webui.library.disk import Copies, DiskReport, Model, disk_report
from webui.library.entries import Entry
from webui.library.trash import Trashed

LARGEST = 10
"""Models that are listed without `--json`."""
_YES = ("y", "yes", "t", "tak")
_T = TypeVar("_T")


def disk(options: argparse.Namespace, paths: Paths, catalog: Catalog) -> int:
    """What models take of the disk."""
    used = _last_used(paths, catalog)
    report = disk_report(catalog.listing(), used, catalog.trash.list().bytes)
    if "json" in options:
        print(report.model_dump_json())
    else:
        print("\n".join(_lines(report)))
    return 0


def trash(options: argparse.Namespace, catalog: Catalog) -> int:
    """List the trash, or delete of it for good."""
    for id in getattr(options, "drop", ()):
        catalog.trash.drop(id)
    if getattr(options, "empty", False):
        catalog.trash.empty()
    for one in catalog.trash.list().models:
        print(one.model_dump_json() if "json" in options else _trashed(one))
    return 0


def restore(options: argparse.Namespace, catalog: Catalog) -> int:
    """Put models of the trash back."""
    for id in options.ids:
        one = catalog.trash.restore(id)
        print(one.model_dump_json() if "json" in options else f"{one.folder}/{one.files[0]}")
    return 0


def delete(options: argparse.Namespace, paths: Paths, catalog: Catalog, language: str) -> int:
    """Move models to the trash; those that cannot go stay, the others go all the same.

    Raises:
        UserError: a name means none or several, or nobody said yes; nothing is deleted.
    """
    chosen = {
        entry.id: entry
        for entry in (_one(name, getattr(options, "kind", None), catalog) for name in options.names)
    }
    if "yes" not in options and not _agreed(chosen.values()):
        raise UserError("delete_unsure")
    gone = [_deleted(one, options, paths, catalog, language) for one in chosen.values()]
    return 0 if all(gone) else 1


def _deleted(
    entry: Entry, options: argparse.Namespace, paths: Paths, catalog: Catalog, language: str
) -> bool:
    try:
        active = _of_ledger(paths, _active, ())
        if is_needed(entry, (job.request for job in active), catalog):
            raise UserError("model_in_use", "id", name=entry.name)
        one = catalog.remove(entry.id)
    except UserError as error:
        print(f"webui: {worded(error.problem, language)}", file=sys.stderr)
        return False
    print(one.model_dump_json() if "json" in options else _trashed(one))
    return True


def _agreed(chosen: Iterable[Entry]) -> bool:
    """Whether somebody who was asked says yes."""
    if not sys.stdin.isatty():
        return False
    for one in chosen:
        print(f"{size(one.bytes):>9}  {one.kind}  {one.name}", file=sys.stderr)
    print("Move to the trash? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in _YES


def found(name: str, kind: str | None, catalog: Catalog) -> Sequence[Entry]:
    """All models that a name means, of one kind or of any.

    Raises:
        UnknownId: there is none.
    """
    kinds = [kind] if kind else MODEL_KINDS
    entries = [entry for one in kinds if (entry := catalog.find(one, name))]
    if not entries:
        shown = name[:100]
        near = nearest(shown, [one.name for one in catalog.entries(kind, limit=None).entries])
        if near is not None:
            raise UnknownId("missing_model_near", "id", name=shown, near=near)
        raise UnknownId("missing_model", "id", name=shown)
    return entries


def _one(name: str, kind: str | None, catalog: Catalog) -> Entry:
    entries = found(name, kind, catalog)
    if len(entries) > 1:
        kinds = ", ".join(one.kind for one in entries)
        raise UserError("entry_ambiguous", "kind", name=name[:100], kinds=kinds)
    return entries[0]


def _of_ledger(paths: Paths, read: Callable[[Ledger], _T], without: _T) -> _T:
    """What the ledger tells; `without` where there is none that can be read."""
    if not paths.ledger.is_file():
        return without
    try:
        ledger = Ledger(paths.ledger)
    except LedgerError:
        return without
    try:
        return read(ledger)
    except LedgerError:
        return without
    finally:
        ledger.close()


def _active(ledger: Ledger) -> Sequence[Job]:
    """Jobs that run, wait, or go on when the server starts."""
    with ledger.read() as reading:
        return reading.active(None)


def _last_used(paths: Paths, catalog: Catalog) -> Mapping[str, float]:
    """By id; empty where there is no ledger."""

    def times(ledger: Ledger) -> Mapping[str, float]:
        def read(number: int, limit: int) -> list[Asked]:
            with ledger.read() as reading:
                return reading.asked_after(number, limit)

        return LastUsed(read).times(catalog.listing())

    return _of_ledger(paths, times, {})


def _lines(report: DiskReport) -> Iterator[str]:
    for kind, space in report.kinds.items():
        yield f"{kind:18} {space.count:6}  {size(space.bytes):>9}"
    yield f"{'all':18} {sum(one.count for one in report.kinds.values()):6}  {size(report.bytes):>9}"
    yield f"{'trash':18} {'':6}  {size(report.trash):>9}"
    for folder in report.folders:
        free = f"  ({size(folder.free)} free)" if folder.free is not None else ""
        yield f"{folder.path}  {size(folder.bytes)}{free}"
    for one in report.models[:LARGEST]:
        yield f"{size(one.bytes):>9}  {_day(one)}  {one.kind}  {one.name}"
    for copies in (*report.copies, *report.shared):
        yield _copies(copies)


def _day(model: Model) -> str:
    return f"{datetime.fromtimestamp(model.last_used):%Y-%m-%d}" if model.last_used else f"{'–':10}"


def _copies(copies: Copies) -> str:
    how = "=" if copies.linked else "x" if copies.sure else "?"
    part = f" {copies.part}" if copies.part else ""
    names = ", ".join(one.name for one in copies.models)
    return f"{how} {size(copies.bytes):>9}{part}  {names}"


def _trashed(one: Trashed) -> str:
    day = f"{datetime.fromtimestamp(one.deleted):%Y-%m-%d %H:%M}"
    return f"{one.id}  {day}  {size(one.bytes):>9}  {one.kind}  {one.name}"
