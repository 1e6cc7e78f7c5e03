"""Where extensions are: in folders, and in Python packages by their entry point."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from webui.core.architectures import Brought
from webui.core.errors import UserError
from webui.core.extension import MANIFEST, Manifest, read_manifest
from webui.core.settings import Settings

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


def declared(folders: Sequence[Path], settings: Settings) -> Callable[[], Brought]:
    """What manifests say of architectures, for who runs no extensions; read once, when asked."""

    @cache
    def brought() -> Brought:
        here = (one for one in found_folders(folders) if one[0] not in settings.disabled_extensions)
        manifests: dict[str, Manifest] = {}
        for name, folder in here:
            with suppress(UserError):
                manifests.setdefault(name, read_manifest(folder, name))
        ordered = sorted(manifests.values(), key=lambda one: (one.order, one.name))
        return tuple((one.name, told) for one in ordered for told in one.families)

    return brought


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
