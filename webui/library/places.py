"""Where models lie: folders of diffusers and single files, found without opening any of them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from webui.library.hashes import Stamp, stamp
from webui.library.layouts import Shelf
from webui.library.pickles import PICKLES
from webui.library.recognition import INDEX
from webui.library.weights import PARTS, SUFFIX, weight_files

PICKLE = ".ckpt"
FILES = (SUFFIX, ".sft", *PICKLES, ".gguf")
"""Endings of files that may be models; `.sft` is `.safetensors` for short."""
DEFINITION = ".easel.toml"
"""End of the name of a file that defines a model, see `definitions`."""
CARD = "easel.json"
"""End of the name of the card beside a file, and name of the card in a folder."""
TEXTS = (
    f".{CARD}",
    ".civitai.info",
    ".cm-info.json",
    ".metadata.json",
    ".json",
    ".description.txt",
    ".txt",
)
"""Endings of files with words beside a model, see `sidecars`."""
PREVIEWS = tuple(
    f"{middle}.{ending}"
    for middle in (".preview", "")
    for ending in ("png", "jpg", "jpeg", "webp", "gif", "avif")
)
"""Endings of a picture beside a model, the better ones first."""

_FORMATS: Mapping[str, str] = {".sft": SUFFIX[1:], DEFINITION: "definition"}
_SEPARATE_VAE = ".vae"
_NAMELESS = re.compile(r"(diffusion_pytorch_model|pytorch_lora_weights|adapter_model)(\.\w+)?")
"""How diffusers calls files; people mean the folder."""
_HUB_MARK = "models--"
_HUB = re.compile(rf"{_HUB_MARK}([^/]+?)--([^/]+)/snapshots/[^/]+")
"""How the hub's cache calls the folder of `owner/name`."""
_DRAWING = ("unet", "transformer")
"""Parts of a folder by whose weights it is known: its hash is theirs."""

Refused = Callable[[Path, OSError], None]
"""Told each folder that may not be read."""


@dataclass(frozen=True, slots=True)
class Place:
    """Something on disk that looks like a model; equal as long as nothing about it changed.

    Attributes:
        shelf: the folder in which it was found.
        path: folder or file.
        format: `diffusers`, `safetensors`, `gguf`, the ending of a pickle (`ckpt`, `pt`, …), or
            `definition`.
        weights: its files of weights; a folder's first is of what draws.
        stamps: of all files that decide what it is and what is told of it.
        texts, preview: files beside it with words and with a picture.
    """

    shelf: Shelf
    path: Path
    format: str
    weights: tuple[Path, ...]
    stamps: tuple[Stamp | None, ...]
    texts: tuple[str, ...] = ()
    preview: str | None = None

    @property
    def root(self) -> Path:
        """Folder that its name begins below."""
        return self.shelf.folder

    @property
    def kind(self) -> str | None:
        """What the names of its folder and file promise, before anything was read."""
        return "vae" if self.stem.endswith(_SEPARATE_VAE) else self.shelf.kind

    @property
    def stem(self) -> str:
        """Its own name, without the ending of a file."""
        if self.format == "diffusers":
            return self.path.name
        return _split(self.path.name)[0]

    @property
    def name(self) -> str:
        """Its path below the root, without the extension of a file."""
        name = self.full_name
        if self.format == "definition":
            return name[: -len(DEFINITION)]
        if self.format != "diffusers":
            name = os.path.splitext(name)[0]
            folder, _, stem = name.rpartition("/")
            whole = self.shelf.kind == "detector" and stem == "model"  # as transformers calls it
            if folder and (whole or _NAMELESS.fullmatch(stem)):
                name = folder
        return _HUB.sub(r"\1/\2", name) if _HUB_MARK in name else name

    @property
    def full_name(self) -> str:
        """Its path below the root."""
        below = str(self.path)[len(str(self.root)) :].lstrip(os.sep) or self.path.name
        return unicodedata.normalize("NFC", below.replace(os.sep, "/"))

    @property
    def card(self) -> Path:
        """Where its card lies, if it has one."""
        if self.format == "diffusers":
            return self.path / CARD
        return self.path.with_name(f"{self.stem}.{CARD}")

    @property
    def own_card(self) -> Path:
        """Where the user's own words about it are kept: always beside it."""
        return self.path.with_name(f"{self.stem}.{CARD}")

    @property
    def bytes(self) -> int:
        """Size of the weights."""
        return sum(size for size, _ in self._weights_stamps())

    @property
    def modified(self) -> float:
        """When the weights were last changed, in seconds since 1970."""
        return max((time for _, time in self._weights_stamps()), default=0) / 1e9

    def _weights_stamps(self) -> list[Stamp]:
        return [one for one in self.stamps[: len(self.weights)] if one is not None]


def places(shelf: Shelf, refused: Refused = lambda path, error: None) -> list[Place]:
    """All there are below a folder; where names are the same, the better format first."""
    return sorted(_walk(shelf, refused), key=_worth)


def _worth(place: Place) -> tuple[bool, bool, str, str]:
    return f".{place.format}" in PICKLES, place.format == "gguf", place.format, str(place.path)


def walk(
    root: Path, refused: Refused = lambda path, error: None
) -> Iterator[tuple[Path, list[str], dict[str, os.DirEntry[str]]]]:
    """Each folder below the root with the names of its folders and its files.

    Links are followed, but into no folder twice; what is hidden is left out, and so are names
    that are no text. Folders taken off the list are not gone into.
    """
    seen: set[str] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        real = os.path.realpath(folder)
        if real in seen:  # a link that leads back
            continue
        seen.add(real)
        try:
            with os.scandir(folder) as entries:
                subfolders, files = _sorted(entries)
        except FileNotFoundError:
            continue
        except OSError as error:
            refused(folder, error)
            continue
        yield folder, subfolders, files
        waiting += [folder / name for name in reversed(subfolders)]


def _sorted(entries: Iterator[os.DirEntry[str]]) -> tuple[list[str], dict[str, os.DirEntry[str]]]:
    subfolders: list[str] = []
    files: dict[str, os.DirEntry[str]] = {}
    for entry in entries:
        if entry.name.startswith(".") or not _is_text(entry.name):
            continue
        with suppress(OSError):
            if entry.is_dir():
                subfolders.append(entry.name)
            elif entry.is_file():  # no pipe, which would be waited for
                files[entry.name] = entry
    return sorted(subfolders), dict(sorted(files.items()))


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that no script has
        return False
    return True


def _walk(shelf: Shelf, refused: Refused) -> Iterator[Place]:
    for path, subfolders, files in walk(shelf.folder, refused):
        whole = path == shelf.folder  # which may be a model itself, if it is nothing else
        if INDEX in files if whole else _is_model_folder(path, subfolders, files):
            subfolders.clear()
            yield _folder(shelf, path)
            continue
        if not shelf.deep:
            subfolders.clear()
        for name in files:
            if _split(name)[1].lower() in (*FILES, DEFINITION):
                if place := _file(shelf, path, name, files):
                    yield place


def _is_model_folder(path: Path, subfolders: list[str], files: Mapping[str, object]) -> bool:
    return INDEX in files or ("unet" in subfolders and (path / "unet" / "config.json").is_file())


def _folder(shelf: Shelf, path: Path) -> Place:
    weights = tuple(sorted(weight_files(path), key=lambda one: one.parent.name not in _DRAWING))
    configs = [path / part / "config.json" for part in PARTS]
    others = (path / INDEX, path / CARD, path / "scheduler" / "scheduler_config.json")
    texts = [f"{path.name}{ending}" for ending in TEXTS]
    beside = {name: at for name in texts if (at := stamp(path.with_name(name)))}
    stamps = (*map(stamp, (*weights, *configs, *others, path / "tokenizer")), *beside.values())
    pictures = (path.with_name(f"{path.name}{ending}") for ending in PREVIEWS)
    preview = next((one.name for one in pictures if one.is_file()), None)
    return Place(shelf, path, "diffusers", weights, stamps, tuple(beside), preview)


def _file(
    shelf: Shelf, folder: Path, name: str, files: Mapping[str, os.DirEntry[str]]
) -> Place | None:
    """None if it is gone, or a link that leads nowhere."""
    stem, ending = _split(name)
    own = _stamp(files[name])
    if own is None:
        return None
    texts = tuple(one for end in TEXTS if (one := stem + end) in files and one != name)
    preview = next((one for end in PREVIEWS if (one := stem + end) in files), None)
    beside = (*texts, preview) if preview else texts
    stamps = (own, *(_stamp(files[one]) for one in beside))
    path = folder / name
    format = _FORMATS.get(ending.lower(), ending[1:].lower())
    return Place(shelf, path, format, (path,), stamps, texts, preview)


def _split(name: str) -> tuple[str, str]:
    """A file's name and its ending, which may have two dots."""
    if name.lower().endswith(DEFINITION):
        return name[: -len(DEFINITION)], name[-len(DEFINITION) :]
    return os.path.splitext(name)


def _stamp(entry: os.DirEntry[str]) -> Stamp | None:
    try:
        status = entry.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
