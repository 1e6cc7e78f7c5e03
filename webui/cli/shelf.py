"""`webui models disk`, `trash` and `restore`: what models take of the disk, and the trash."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import datetime

from webui.cli.words import size
from webui.core.paths import Paths
from webui.jobs.last_used import LastUsed
from webui.jobs.ledger import Ledger, LedgerError
from webui.jobs.records import Asked
from webui.library.catalog import Catalog
from webui.library.disk import Copies, DiskReport, Model, disk_report
from webui.library.trash import Trashed

LARGEST = 10
"""Models that are listed without `--json`."""


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


def _last_used(paths: Paths, catalog: Catalog) -> Mapping[str, float]:
    """By id; empty where there is no ledger."""
    if not paths.ledger.is_file():
        return {}
    try:
        ledger = Ledger(paths.ledger)
    except LedgerError:
        return {}

    def read(number: int, limit: int) -> list[Asked]:
        with ledger.read() as reading:
            return reading.asked_after(number, limit)

    try:
        return LastUsed(read).times(catalog.listing())
    except LedgerError:
        return {}
    finally:
        ledger.close()


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
