"""Where extensions are: in folders, and in Python packages by their entry point."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from webui.core.extension import MANIFEST

GROUP = "webui.extensions"
"""Of entry points; the name is the extension's, the value the package that has its manifest."""


SAFE = "EASEL_SAFE"
"""Set in the environment of a program that loads no extensions, its worker's too."""


def safe_mode(environment: Mapping[str, str]) -> bool:
    """Whether the program was started with `--safe`."""
    return bool(environment.get(SAFE))


def found_folders(folders: Sequence[Path]) -> list[tuple[str, Path]]:
    """(name, folder) of all that have a manifest, those of folders first."""
    return [*_in_folders(folders), *_in_packages()]


def _in_folders(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        if folder.is_dir():
            for manifest in sorted(folder.glob(f"*/{MANIFEST}")):
                yield manifest.parent.name, manifest.parent


def _in_packages() -> Iterator[tuple[str, Path]]:
    """Found without importing the package; one in a package that cannot be found is left out."""
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        top, _, rest = point.value.partition(":")[0].partition(".")
        spec = importlib.util.find_spec(top)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            folder = Path(place, *filter(None, rest.split(".")))
            if (folder / MANIFEST).is_file():
                yield point.name, folder
                break
