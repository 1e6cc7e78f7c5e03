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


def part_file(folder: Path, part: str) -> Path | None:
    """The weights of a part of a diffusers folder: the plain file, else a variant (`.fp16`)."""
    name = PARTS[part]
    plain = folder / part / f"{name}{SUFFIX}"
    if plain.is_file():
        return plain
    return min((folder / part).glob(f"{name}.*{SUFFIX}"), default=None)


def part_files(folder: Path, part: str) -> tuple[Path, ...]:
    """The same, where they may lie in several files (`…-00001-of-00003`)."""
    whole = part_file(folder, part)
    shard = f"{PARTS[part]}*-[0-9]*-of-[0-9]*{SUFFIX}"
    shards = sorted((folder / part).glob(shard))
    if whole is not None and whole not in shards:
        return (whole,)
    plain = [file for file in shards if file.name.startswith(f"{PARTS[part]}-")]
    return tuple(plain or shards)


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
