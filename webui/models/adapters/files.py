"""The files of adapters, by the names that prompts use for them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from webui.core.errors import UnknownId, UserError
from webui.library.places import walk
from webui.library.weights import SUFFIX, read_header

LORAS = ("loras", "Lora", "LyCORIS")
"""Folders of LoRAs below a folder of models: ours and ComfyUI's, then A1111's."""
PICKLES = (".pt", ".ckpt", ".bin", ".pth")

_SHOWN = 100
_ALIAS = "ss_output_name"
"""How kohya's trainer notes the name that it gave."""


class LoraFiles:
    """LoRAs in some folders of models; looks anew each time, as files come and go."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Look at nothing yet.

        Args:
            folders: of models; LoRAs are looked for in their `LORAS`.
        """
        self._roots = [folder / name for folder in folders for name in LORAS]

    def find(self, name: str) -> Path:
        """The file of a name: its stem, with or without folders and ending, in any case of letters.

        Else the name that its trainer gave it. A name never becomes a path.

        Raises:
            UnknownId: there is none.
        """
        found = self.files()
        wanted = name.strip().casefold().replace("\\", "/").removesuffix(SUFFIX)
        if path := found.get(wanted) or _with_alias(found.values(), wanted):
            return path
        shown, folder = name[:_SHOWN], str(self._roots[0])
        near = difflib.get_close_matches(wanted, found, 1)
        if near:
            nearest = found[near[0]].stem
            raise UnknownId("lora_unknown_near", "prompt", name=shown, nearest=nearest)
        raise UnknownId("lora_unknown", "prompt", name=shown, folder=folder)

    def files(self) -> dict[str, Path]:
        """Lower-case name -> file: by its stem (the first of several), and with its folders."""
        found: dict[str, Path] = {}
        longer: dict[str, Path] = {}
        for root, path in _files(self._roots):
            found.setdefault(path.stem.casefold(), path)
            below = path.relative_to(root).with_suffix("").as_posix()
            longer.setdefault(below.casefold(), path)
        return longer | found


def _files(roots: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    seen: set[str] = set()
    for root in roots:
        for folder, _, names in walk(root):
            for name in sorted(names):
                path = folder / name
                real = os.path.realpath(path)
                if path.suffix.lower() in (SUFFIX, *PICKLES) and real not in seen:
                    seen.add(real)
                    yield root, path


def _with_alias(paths: Iterable[Path], wanted: str) -> Path | None:
    for path in paths:
        if path.suffix.lower() == SUFFIX and _alias(path).casefold() == wanted:
            return path
    return None


def _alias(path: Path) -> str:
    try:
        notes: Mapping[str, str] = read_header(path, path.name).metadata
    except UserError:
        return ""
    return notes.get(_ALIAS, "")
