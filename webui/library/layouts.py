"""Which folders of models hold what: ours, and those of the programs that people come from.

A folder of models may be ours (`checkpoints/`, `loras/`, …), the folder of A1111, Forge, SD.Next,
ComfyUI or InvokeAI as it was installed, its folder of models alone, or any folder with files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from webui.library.recognition import INDEX

FOLDERS: Mapping[str, tuple[str, ...]] = {
    "checkpoint": ("checkpoints", "Stable-diffusion", "diffusers", "main"),
    "lora": ("loras", "lora", "LyCORIS"),
    "embedding": ("embeddings", "embedding", "textual_inversion"),
    "vae": ("vae",),
    "controlnet": ("controlnet", "control_lora", "t2i_adapter"),
    "ip_adapter": ("ip_adapter", "ipadapter"),
    "upscaler": (
        "upscalers",
        "upscale_models",
        *("ESRGAN", "RealESRGAN", "BSRGAN", "SwinIR", "ScuNET", "DAT", "HAT"),
        "spandrel_image_to_image",
    ),
    "text_encoder": ("text_encoders", "text_encoder", "text-encoder", "clip", "clip_embed"),
    "diffusion_model": ("diffusion_models", "unet", "transformers"),
    "image_encoder": ("clip_vision", "image_encoder"),
    "depth": ("depth", "depth_anything"),
    "annotator": ("annotators", "annotator", "clipseg", "flow"),
    "detector": ("detectors", "adetailer", "ultralytics"),
}
"""Kind -> how its folders are called, in any case of letters: ours, then those of the peers."""

_KIND_OF = {name.casefold(): kind for kind, names in FOLDERS.items() for name in names}
_INSIDE = ("models", "autoimport")
"""Where a program that was installed there has its models, beside the folder itself."""
_EXTENSION = Path("extensions", "sd-webui-controlnet", "models")
_INVOKE_BASES = re.compile(r"sd-[123]|sdxl|sdxl-refiner|sd-3|flux|cogview4|any")
"""InvokeAI up to version 5: a folder a family, in it those of the kinds."""
_INVOKE_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""InvokeAI from version 6 on: a folder a model, called by its key."""
_EXTRA_PATHS = "extra_model_paths.yaml"


@dataclass(frozen=True)
class Shelf:
    """A folder in which models are looked for.

    Attributes:
        kind: a key of `FOLDERS` that its name promises; None if it may hold any.
        deep: whether the folders in it belong to it, too.
    """

    folder: Path
    kind: str | None = None
    deep: bool = True


def shelves(folders: Iterable[Path]) -> tuple[Shelf, ...]:
    """The folders to look in, each once, in the order of the kinds; those of ours come first.

    Only names of folders are read, and ComfyUI's `extra_model_paths.yaml`. What does not exist
    or may not be read has no shelves.
    """
    found: dict[tuple[str, bool], Shelf] = {}
    for folder in folders:
        for shelf in _of(folder):
            found.setdefault((os.path.realpath(shelf.folder), shelf.deep), shelf)
    return tuple(found.values())


def shelves_of(folders: Iterable[Path], kind: str) -> tuple[Path, ...]:
    """The folders that promise one kind."""
    return tuple(shelf.folder for shelf in shelves(folders) if shelf.kind == kind)


def _of(folder: Path) -> Sequence[Shelf]:
    if os.path.isfile(folder / INDEX):  # a model, whose parts are called as kinds are
        return [Shelf(folder)]
    bases = [folder, *(folder / inside for inside in _INSIDE)]
    known = [shelf for base in bases for shelf in _known(base)]
    if os.path.isdir(folder / _EXTENSION):
        known.append(Shelf(folder / _EXTENSION, "controlnet"))
    known += _extra(folder / _EXTRA_PATHS)
    if known:  # and what was just dropped there
        return [*known, *(Shelf(base, deep=False) for base in bases if os.path.isdir(base))]
    if not os.path.isdir(folder):
        return []
    return [Shelf(folder, _KIND_OF.get(folder.name.casefold()))]


def _known(base: Path) -> list[Shelf]:
    """What is told by the names of the folders in one, in the order of `FOLDERS`."""
    names = {name.casefold(): name for name in _subfolders(base)}
    found = [Shelf(base / names[low], kind) for low, kind in _KIND_OF.items() if low in names]
    for low, name in sorted(names.items()):
        if _INVOKE_BASES.fullmatch(low):
            found += _known(base / name)
        elif _INVOKE_KEY.fullmatch(low):
            found.append(Shelf(base / name))
    return found


def _subfolders(base: Path) -> list[str]:
    try:
        with os.scandir(base) as entries:
            return [entry.name for entry in entries if _is_folder(entry)]
    except (OSError, ValueError):  # a name with a zero in it
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _extra(path: Path) -> list[Shelf]:
    """The folders that ComfyUI was told of: `name: {base_path: …, loras: "a\\nb", …}`."""
    try:
        read: object = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError, ValueError, RecursionError):
        return []
    groups = cast(dict[str, Any], read).values() if isinstance(read, dict) else ()
    return [shelf for group in groups for shelf in _told(path.parent, group)]


def _told(beside: Path, group: object) -> Iterator[Shelf]:
    if not isinstance(group, dict):
        return
    values = cast(dict[object, object], group)
    base = beside / _expanded(str(values.get("base_path") or ""))
    for name, lines in values.items():
        kind = _KIND_OF.get(str(name).casefold())
        for line in str(lines or "").splitlines() if kind else ():
            folder = base / _expanded(line.strip())
            if line.strip() and os.path.isdir(folder):
                yield Shelf(folder.resolve(), kind)


def _expanded(text: str) -> Path:
    return Path(os.path.expandvars(os.path.expanduser(text)))
