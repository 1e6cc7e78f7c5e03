"""Where models lie: folders of diffusers and single files, found without opening any of them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from webui.library.hashes import Stamp, stamp
from webui.library.recognition import INDEX
from webui.library.weights import PARTS, SUFFIX, weight_files

PICKLE = ".ckpt"

_CARD = "easel.json"
_SEPARATE_VAE = ".vae"


@dataclass(frozen=True)
class Place:
    """Something on disk that looks like a model; equal as long as nothing about it changed.

    Attributes:
        root: the folder in which it was found.
        path: folder or file.
        format: `diffusers`, `safetensors`, `ckpt`.
        weights: its files of weights; a folder's first is the UNet.
        stamps: of all files that decide what it is.
    """

    root: Path
    path: Path
    format: str
    weights: tuple[Path, ...]
    stamps: tuple[Stamp | None, ...]

    @property
    def name(self) -> str:
        """Its path below the root, without the extension of a file."""
        path = self.path if self.format == "diffusers" else self.path.with_suffix("")
        return unicodedata.normalize("NFC", path.relative_to(self.root).as_posix())

    @property
    def full_name(self) -> str:
        """Its path below the root."""
        return unicodedata.normalize("NFC", self.path.relative_to(self.root).as_posix())

    @property
    def card(self) -> Path:
        """Where its card lies, if it has one."""
        if self.format == "diffusers":
            return self.path / _CARD
        return self.path.with_name(f"{self.path.stem}.{_CARD}")

    @property
    def bytes(self) -> int:
        """Size of the weights."""
        return sum(size for size, _ in filter(None, map(stamp, self.weights)))


def places(root: Path) -> list[Place]:
    """All there are below a folder; where names are the same, the better format first."""
    found = list(_walk(root))
    return sorted(found, key=lambda place: (place.format == PICKLE[1:], place.format, place.name))


def walk(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Each folder below the root with the names of its folders and files.

    Links are followed, but into no folder twice; what is hidden is left out. Folders taken off the
    list are not gone into.
    """
    seen: set[str] = set()
    for folder, subfolders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:  # a link that leads back
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        yield Path(folder), subfolders, [name for name in files if not name.startswith(".")]


def _walk(root: Path) -> Iterator[Place]:
    for path, subfolders, files in walk(root):
        if path != root and (INDEX in files or "unet" in subfolders):
            subfolders.clear()
            yield _folder(root, path)
        else:
            yield from (_file(root, path / name) for name in files if _may_be_model(name))


def _may_be_model(name: str) -> bool:
    path = Path(name)
    return path.suffix in (SUFFIX, PICKLE) and not path.stem.endswith(_SEPARATE_VAE)


def _folder(root: Path, path: Path) -> Place:
    weights = weight_files(path)
    configs = [path / part / "config.json" for part in PARTS]
    others = (path / INDEX, path / _CARD, path / "scheduler" / "scheduler_config.json")
    stamps = tuple(map(stamp, (*weights, *configs, *others, path / "tokenizer")))
    return Place(root, path, "diffusers", weights, stamps)


def _file(root: Path, path: Path) -> Place:
    card = path.with_name(f"{path.stem}.{_CARD}")
    return Place(root, path, path.suffix[1:], (path,), (stamp(path), stamp(card)))
