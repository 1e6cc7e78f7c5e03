"""The files of upscalers: told by their names, none is opened."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path

from webui.core.offers import UPSCALERS, UpscalerInfo
from webui.library.layouts import shelves_of
from webui.library.places import walk
from webui.library.weights import SUFFIX

PICKLES = (".pth", ".pt")
"""Endings of files that torch wrote."""
LONGEST_NAME = 300
"""Characters; no request can name a longer one."""


def upscaler_files(folders: Sequence[Path]) -> Mapping[str, Path]:
    """Name -> file, in the order of the names; looks anew each time.

    A name is the file's without its ending; with the ending where it is taken, then numbered.

    Args:
        folders: of models; upscalers are looked for where `layouts` expects them.
    """
    named: dict[str, Path] = {}
    taken = {info.name.casefold() for info in UPSCALERS}
    for path in _distinct(shelves_of(folders, "upscaler")):
        stem, full = (unicodedata.normalize("NFC", name) for name in (path.stem, path.name))
        names = chain((stem, full), (f"{stem} ({number})" for number in count(2)))
        name = next(name for name in names if name.casefold() not in taken)
        taken.add(name.casefold())
        named[name] = path
    return dict(sorted(named.items(), key=lambda entry: entry[0].casefold()))


def upscalers(
    folders: Sequence[Path], scales: Mapping[Path, float] | None = None
) -> tuple[UpscalerInfo, ...]:
    """The whole menu: those that need no file, then the files.

    Args:
        scales: of the files that were loaded before.
    """
    known = scales or {}
    found = upscaler_files(folders).items()
    return (*UPSCALERS, *(UpscalerInfo(name=name, scale=known.get(path)) for name, path in found))


def _distinct(roots: Iterable[Path]) -> Iterator[Path]:
    """The files below some folders, each once, whatever links lead to it."""
    seen: set[str] = set()
    for root in roots:
        for folder, _, files in walk(root):
            for path in (folder / name for name in files):
                real = os.path.realpath(path)
                if real not in seen and _may_be_upscaler(path):
                    seen.add(real)
                    yield path


def _may_be_upscaler(path: Path) -> bool:
    return (
        path.suffix.lower() in (SUFFIX, *PICKLES)
        and len(path.name) <= LONGEST_NAME
        and path.name.isprintable()  # a name of broken UTF-8 is not
        and path.is_file()
    )
