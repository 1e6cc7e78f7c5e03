"""Models defined in small files: another model, LoRAs that are always joined to it, and settings.

`NAME.easel.toml` lies beside the models and can be given away: it holds no weights, but says where
they are to be had, and by which hashes they are known.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import Field, ValidationError, field_validator

from webui.core.errors import Problem, UserError
from webui.core.files import save_atomically, write_atomically
from webui.core.kinds import ModelKind
from webui.core.offers import ModelInfo
from webui.core.request import Name, Part
from webui.library.known import known_named
from webui.library.places import DEFINITION
from webui.library.presets import Preset
from webui.prompt.filenames import plain_name

LONGEST_FILE = 100_000
"""Bytes of a definition, which are some lines."""
MOST_LORAS = 20
_LONGEST_TEXT = 10_000


def _line(text: str) -> str:
    line = " ".join(text.split())
    if not line:
        raise ValueError("empty_name")
    return line


class Source(Part):
    """Where a file is to be had.

    Attributes:
        source: as a `Download` has it: an address, `owner/name/file`, a name of the known models.
        sha256: of the file.
    """

    source: str = Field(max_length=2000)
    sha256: str | None = Field(default=None, max_length=64)

    @field_validator("source")
    @classmethod
    def _is_said(cls, source: str) -> str:
        return _line(source)

    @field_validator("sha256")
    @classmethod
    def _is_hash(cls, sha256: str | None) -> str | None:
        if sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
            raise ValueError("not_a_sha256")
        return sha256.lower() if sha256 else None


class DefinedLora(Part):
    """A LoRA that is always joined.

    Attributes:
        name: as prompts name it.
        download: where it is to be had.
    """

    name: Name
    weight: float = Field(default=1.0, ge=-10, le=10)
    download: Source | None = None

    @field_validator("name")
    @classmethod
    def _is_a_line(cls, name: str) -> str:
        if set(name) & set("<>:"):
            raise ValueError("lora_marks")
        return _line(name)


class Definition(Part):
    """What a file says.

    Attributes:
        name: what people call the model.
        base: the checkpoint that it is made of: its name, file's name or hash.
        family: of the base, so that it is known before the base is there.
        download: where the base is to be had.
        defaults: settings that suit it.
    """

    name: Name
    base: Name
    family: str | None = Field(default=None, max_length=100)
    download: Source | None = None
    loras: tuple[DefinedLora, ...] = Field(default=(), max_length=MOST_LORAS)
    defaults: Preset = Preset()
    trigger_words: tuple[Name, ...] = Field(default=(), max_length=100)
    licence: str | None = Field(default=None, max_length=300)
    notes: str | None = Field(default=None, max_length=_LONGEST_TEXT)
    source: str | None = Field(default=None, max_length=2000, description="Page to read about it")

    @field_validator("name", "base")
    @classmethod
    def _is_a_line(cls, name: str) -> str:
        return _line(name)


class Missing(Part):
    """A file that a definition needs and that is not there.

    source: None where the definition does not say where it is to be had.
    """

    kind: ModelKind
    name: str
    source: str | None = None
    sha256: str | None = None
    file_name: str | None = None


def read_definition(path: Path) -> Definition:
    """Read a file.

    Raises:
        UserError: it cannot be read, or is not what it should be.
    """
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise UserError("definition_broken", file=path.name, reason="too long")
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("model_unreadable", file=path.name, reason=reason) from error
    return parse_definition(data, path.name)


def parse_definition(data: bytes, shown: str) -> Definition:
    """Read the text of a file.

    Args:
        shown: how errors name it.

    Raises:
        UserError: it is no TOML, or a value in it does not fit.
    """
    try:
        values = tomllib.loads(data.decode("utf-8-sig"))
        return Definition.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        reason = f"{where}: {first['msg']}"
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        reason = str(error)
    raise UserError("definition_broken", file=shown, reason=reason[:300])


def written(definition: Definition) -> bytes:
    """The text of a file that says all this."""
    values = definition.model_dump(exclude_none=True, exclude_defaults=True)
    return tomlkit.dumps(_plain(values)).encode()  # pyright: ignore[reportUnknownMemberType]


def save_new(folder: Path, definition: Definition) -> Path:
    """Write a definition of its own name; a name that is taken gets a number.

    Raises:
        UserError: it cannot be written.
    """
    stem = plain_name(definition.name) or "model"
    taken = {path.name.casefold() for path in folder.glob(f"*{DEFINITION}")}
    names = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
    name = next(one for one in names if f"{one}{DEFINITION}".casefold() not in taken)
    return save_atomically(folder, f"{name}{DEFINITION}", written(definition))


def replace_definition(path: Path, definition: Definition) -> None:
    """Write a definition in the place of the one that is there.

    Raises:
        UserError: it cannot be written; what was there is untouched.
    """
    write_atomically(path, written(definition), 0o666)


def resolved(
    definition: Definition,
    info: ModelInfo,
    base: ModelInfo | None,
    missing: Sequence[Missing],
) -> ModelInfo:
    """The model that it defines.

    Args:
        info: of the file itself.
        base: the checkpoint that it names, None if it is not there.
        missing: LoRAs of it that are not there.
    """
    own = {
        "loras": tuple((one.name, one.weight) for one in definition.loras),
        "definition": info.path,
    }
    if base is None:
        card = definition.defaults.onto(info.card)
        card = card.model_copy(update={"title": {"en": definition.name}})
        problem = _missing(definition, definition.base)
        changes = {"family": definition.family, "card": card, "problem": problem}
        return info.model_copy(update={**own, **changes})
    title = {"en": definition.name}
    card = definition.defaults.onto(base.card).model_copy(update={"title": title, "examples": ()})
    problem = base.problem or next((_missing(definition, one.name) for one in missing), None)
    changes = {"id": info.id, "card": card, "problem": problem, "shipped": False}
    return base.model_copy(update={**own, **changes})


def missing_loras(definition: Definition, is_there: Callable[[str], bool]) -> tuple[Missing, ...]:
    """LoRAs that are not there."""
    return tuple(
        _wanted("lora", one.name, one.download)
        for one in definition.loras
        if not is_there(one.name)
    )


def missing_base(definition: Definition) -> Missing:
    """The base, where it is not there."""
    return _wanted("checkpoint", definition.base, definition.download)


def _wanted(kind: ModelKind, name: str, download: Source | None) -> Missing:
    known = known_named(download.source if download else name.rpartition("/")[2])
    if known:
        source, sha256 = known.source, (download.sha256 if download else None) or known.sha256
    else:
        source, sha256 = (download.source, download.sha256) if download else (None, None)
    file_name = plain_name(name.rpartition("/")[2]) or None
    return Missing(kind=kind, name=name, source=source, sha256=sha256, file_name=file_name)


def _missing(definition: Definition, name: str) -> Problem:
    return UserError("definition_missing", name=definition.name, missing=name).problem


def _plain(value: Any) -> Any:
    """Lists for tuples, as TOML has them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}  # pyright: ignore
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]  # pyright: ignore
    return value
