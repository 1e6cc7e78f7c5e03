"""Weights on disk: which files hold them, and what their heads tell, whatever the format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from webui.core.errors import UserError
from webui.library.gguf import GGUF, read_gguf
from webui.library.header import Header
from webui.library.pickles import PICKLES, pickle_header
from webui.library.safe import SUFFIX, read_safe

PARTS: Mapping[str, str] = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "text_encoder_2": "model",
    "transformer": "diffusion_pytorch_model",
    "text_encoder_3": "model",
}
"""Folders with weights that a diffusers folder may have, and how their files are called."""

_TORCH = ".bin"
_TORCH_STEMS: Mapping[str, str] = {"model": "pytorch_model"}
"""How torch's files are called, where that is not what safetensors are called."""
_INDEX: TypeAdapter[dict[str, dict[str, Any]]] = TypeAdapter(dict[str, dict[str, Any]])
_CONFIG: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def read_header(path: Path, shown: str) -> Header:
    """Read what the head of a file tells, by its ending, and check that the file is whole.

    Args:
        shown: how errors name the file.

    Raises:
        UserError: the file cannot be read, is of another kind, cut off or damaged.
    """
    ending = path.suffix.lower()
    if ending == GGUF:
        return read_gguf(path, shown).header
    if ending in PICKLES:
        return pickle_header(path, shown)
    return read_safe(path, shown)


def part_files(folder: Path, part: str) -> tuple[Path, ...]:
    """The weights of a part of a diffusers folder; safetensors before what torch wrote.

    The plain file, else a variant (`.fp16`); else the several files that an index beside them
    names, also those of them that are missing, or that there are (`…-00001-of-00003`).
    """
    stem = PARTS[part]
    safe = _files(folder / part, stem, SUFFIX)
    return safe or _files(folder / part, _TORCH_STEMS.get(stem, stem), _TORCH)


def _files(place: Path, stem: str, ending: str) -> tuple[Path, ...]:
    plain = place / f"{stem}{ending}"
    if plain.is_file():
        return (plain,)
    shards = sorted(place.glob(f"{stem}*-[0-9]*-of-[0-9]*{ending}"))
    whole = sorted(set(place.glob(f"{stem}.*{ending}")) - {*shards})
    if whole:
        return (whole[0],)
    usual = [file for file in shards if file.name.startswith(f"{stem}-")]
    return _indexed(place, stem, ending) or tuple(usual or shards)


def _indexed(place: Path, stem: str, ending: str) -> tuple[Path, ...]:
    """What the index of several files names; empty if there is none that can be read."""
    found = sorted(place.glob(f"{stem}*{ending}.index*.json"), key=lambda file: len(file.name))
    try:
        index = _INDEX.validate_json(found[0].read_bytes()) if found else {}
    except (OSError, ValidationError):
        return ()
    names = {Path(str(name)).name for name in index.get("weight_map", {}).values()}
    return tuple(place / name for name in sorted(names))


def weight_files(path: Path) -> tuple[Path, ...]:
    """The weights of a single file or a diffusers folder; of a folder the UNet's come first."""
    if not path.is_dir():
        return (path,)
    return tuple(file for part in PARTS for file in part_files(path, part))


def read_config(path: Path, shown: str) -> dict[str, Any]:
    """A JSON file that describes a model or a part of one.

    Args:
        shown: how errors name the file.

    Raises:
        UserError: it cannot be read, or is no such file.
    """
    try:
        return _CONFIG.validate_json(path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("model_unreadable", file=shown, reason=reason) from error
    except ValidationError as error:
        raise UserError("model_damaged", file=shown) from error
