"""What models take of the disk: by kind and folder, what is there twice, what is shared."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from webui.library.entries import Listing, Row
from webui.library.index import Hashed

MOST_MODELS = 200
"""The largest models that a report names."""
MOST_COPIES = 200
_SMALLEST = 1_000_000
"""Smaller files are not looked at for copies: there is little to win."""
_SAMPLE = 4096


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Space(_Value):
    """How much there is of something."""

    count: int
    bytes: int


class FolderSpace(Space):
    """A folder of models. free, total: of its disk, in bytes; None where that is not known."""

    path: str
    free: int | None = None
    total: int | None = None


class Model(_Value):
    """A model of the report."""

    id: str
    kind: str
    name: str
    title: str | None = None
    bytes: int
    last_used: float | None = Field(default=None, description="Seconds since 1970; None: not known")


class Copies(_Value):
    """Files that are the same.

    Attributes:
        bytes: of one of them.
        sure: their hashes are the same; else their sizes and samples are.
        linked: they are one file with several names, and take its place once.
        part: of models that are folders; None: they are whole models.
        models: that have them, each once.
    """

    bytes: int
    sure: bool
    linked: bool
    part: str | None = None
    models: tuple[Model, ...]

    @property
    def spare(self) -> int:
        """Bytes that would be free with one of them alone."""
        return 0 if self.linked else self.bytes * (len(self.models) - 1)


class DiskReport(_Value):
    """What models take of the disk.

    Attributes:
        bytes: of all, files with several names once.
        models: the largest ones first.
        copies: models that are there twice, those that would free most first.
        shared: parts that several models have.
        trash: what deleted models still take.
        whole: whether all files are read; if not, ask again.
    """

    bytes: int
    kinds: dict[str, Space]
    folders: tuple[FolderSpace, ...]
    models: tuple[Model, ...]
    copies: tuple[Copies, ...]
    shared: tuple[Copies, ...]
    trash: int = 0
    whole: bool = True


@dataclass(frozen=True)
class _File:
    path: Path
    bytes: int
    row: Row
    node: tuple[int, int] | None
    """The disk and the file on it: the same for two names of one file."""


def disk_report(
    listing: Listing, used: Mapping[str, float], trash: int = 0, whole: bool = True
) -> DiskReport:
    """The report. Files of a size that others have are opened for a few kilobytes.

    Args:
        used: when models were last used, by their ids.
    """
    rows = [row for row in listing.rows if row.place.weights]
    files = [file for row in rows for file in _files(row)]
    found = sorted(_copies(files, listing, used), key=lambda one: (-one.spare, -one.bytes))
    largest = sorted(rows, key=lambda row: -row.place.bytes)[:MOST_MODELS]
    return DiskReport(
        bytes=sum({file.node or file.path: file.bytes for file in files}.values()),
        kinds={kind: _space(own) for kind, own in sorted(_by(rows, lambda one: one.kind).items())},
        folders=tuple(_folders(rows)),
        models=tuple(_model(row, used) for row in largest),
        copies=tuple(one for one in found if one.part is None)[:MOST_COPIES],
        shared=tuple(one for one in found if one.part is not None)[:MOST_COPIES],
        trash=trash,
        whole=whole,
    )


def _files(row: Row) -> Iterator[_File]:
    for path, at in zip(row.place.weights, row.place.stamps, strict=False):
        if at is not None:
            try:
                told = os.stat(path)
                node = (told.st_dev, told.st_ino) if told.st_ino else None
            except OSError:
                node = None
            yield _File(path, at[0], row, node)


def _by(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _space(rows: Sequence[Row]) -> Space:
    return Space(count=len(rows), bytes=sum(row.place.bytes for row in rows))


def _folders(rows: Sequence[Row]) -> Iterator[FolderSpace]:
    """Those with most in them first."""
    of = _by(rows, lambda one: str(one.place.root))
    for path, own in sorted(of.items(), key=lambda item: -_space(item[1]).bytes):
        try:
            disk = shutil.disk_usage(path)
            room = {"free": disk.free, "total": disk.total}
        except OSError:
            room = {}
        yield FolderSpace(path=path, **_space(own).model_dump(), **room)


def _model(row: Row, used: Mapping[str, float]) -> Model:
    told = {name: getattr(row, name) for name in ("id", "kind", "name", "title")}
    return Model(**told, bytes=row.place.bytes, last_used=used.get(row.id))


def _copies(
    files: Sequence[_File], listing: Listing, used: Mapping[str, float]
) -> Iterator[Copies]:
    sizes: dict[int, list[_File]] = defaultdict(list)
    for file in files:
        if file.bytes >= _SMALLEST:
            sizes[file.bytes].append(file)
    for size, alike in sizes.items():
        if len({file.row.id for file in alike}) < 2:
            continue
        for group in _same(alike, listing):
            owners = {file.row.id: file.row for file in group}
            if len(owners) > 1:
                yield _told(size, group, list(owners.values()), listing, used)


def _told(
    size: int,
    group: Sequence[_File],
    owners: Sequence[Row],
    listing: Listing,
    used: Mapping[str, float],
) -> Copies:
    hashes = [_hash(file, listing) for file in group]
    linked = group[0].node is not None and len({file.node for file in group}) == 1
    parts = [file.path.relative_to(file.row.place.path) for file in group if _is_part(file)]
    return Copies(
        bytes=size,
        sure=linked or (None not in hashes and len(set(hashes)) == 1),
        linked=linked,
        part=parts[0].as_posix() if parts else None,
        models=tuple(_model(row, used) for row in owners),
    )


def _is_part(file: _File) -> bool:
    return file.path != file.row.place.path


def _same(alike: Sequence[_File], listing: Listing) -> Iterator[list[_File]]:
    """Files of one size in groups: by what samples of them say, and apart by their hashes."""
    samples: dict[bytes, list[_File]] = defaultdict(list)
    known: dict[tuple[int, int] | Path, bytes | None] = {}
    for file in alike:
        key = file.node or file.path
        if key not in known:
            known[key] = _sample(file)
        if (sample := known[key]) is not None:
            samples[sample].append(file)
    for group in samples.values():
        hashed: dict[str | None, list[_File]] = defaultdict(list)
        for file in group:
            hashed[_hash(file, listing)].append(file)
        unknown = hashed.pop(None, [])
        if len(hashed) <= 1:
            yield [*unknown, *(file for one in hashed.values() for file in one)]
        else:
            yield from [*hashed.values(), unknown]


def _hash(file: _File, listing: Listing) -> str | None:
    known: Hashed | None = listing.hashed(file.row.place)
    return known.sha256 if known and file.path == file.row.place.weights[0] else None


def _sample(file: _File) -> bytes | None:
    """A digest of what stands in the middle and at the end; None where it cannot be read."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with file.path.open("rb") as opened:
            for at in (file.bytes // 2, max(0, file.bytes - _SAMPLE)):
                opened.seek(at)
                digest.update(opened.read(_SAMPLE))
    except OSError:
        return None
    return digest.digest()
