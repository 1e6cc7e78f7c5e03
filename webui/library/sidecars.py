"""Words and pictures beside a model: ours, and those that the peers and their helpers leave.

| file | who writes it |
|---|---|
| `NAME.easel.json` | Easel: the card, and the user's notes |
| `NAME.civitai.info` | Civitai Helper for A1111: the version of the model as the site has it |
| `NAME.json` | A1111: what the user wrote down; SD.Next: the model as the site has it |
| `NAME.cm-info.json` | Stability Matrix |
| `NAME.metadata.json` | LoRA Manager for ComfyUI |
| `NAME.txt`, `NAME.description.txt` | A1111: a description |

What cannot be read counts as absent: these files are never the reason why a model is not used.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict

from webui.core.errors import UserError
from webui.core.files import write_atomically
from webui.library.adapters import tidy
from webui.library.places import CARD

LONGEST_TEXT = 10_000
_LONGEST_LINE = 300
_LONGEST_FILE = 8_000_000
_TAG = re.compile(r"</?[a-zA-Z][\w-]*(\s[^<>]*)?/?>")
"""Not `<lora:name:1>`."""
_BREAK = re.compile(r"<\s*(br|/p|/li|/h\d|/div)\s*/?>", re.IGNORECASE)

Json = Mapping[str, Any]


class Said(BaseModel):
    """What is said about a model, by its user, its maker or the place it was found.

    Attributes:
        title: what people call it.
        description: plain text.
        trigger_words: what to say in a prompt so that it takes part.
        negative_words: what to say in the negative prompt.
        weight: that suits it, for a LoRA.
        notes: the user's own.
        tags: what it is about.
        licence: what may be done with it.
        base: what it was made for, in its maker's words.
        source: address of the page where it was found.
    """

    model_config = ConfigDict(frozen=True)

    title: str | None = None
    description: str | None = None
    trigger_words: tuple[str, ...] = ()
    negative_words: str | None = None
    weight: float | None = None
    notes: str | None = None
    tags: tuple[str, ...] = ()
    licence: str | None = None
    base: str | None = None
    source: str | None = None

    def over(self, other: Said) -> Said:
        """This, and where it says nothing, the other."""
        values = {name: getattr(self, name) or getattr(other, name) for name in Said.model_fields}
        return Said.model_construct(**values)


def said_beside(folder: Path, texts: Iterable[str]) -> Said:
    """What the files say, our own before those of others.

    Args:
        texts: their names, in the order of `places.TEXTS`.
    """
    said = Said()
    for name in texts:
        said = said.over(_said(folder / name))
    return said


def read_object(path: Path) -> dict[str, Any] | None:
    """A file with an object of JSON; None if it is none, too long or cannot be read."""
    try:
        if path.stat().st_size > _LONGEST_FILE:
            return None
        value: object = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return cast(dict[str, Any], value) if isinstance(value, dict) else None


def plain_text(value: object, longest: int = LONGEST_TEXT) -> str | None:
    """A text without markup; None if it is none or empty."""
    if not isinstance(value, str):
        return None
    text = value[: 4 * longest]
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub("\n", text))
    text = html.unescape(text).replace("\0", "")
    text = text.encode(errors="replace").decode()  # half of a pair is no letter
    return re.sub(r"\n{3,}", "\n\n", text).strip()[:longest] or None


def _as_written(value: object) -> str | None:
    """The user's own words: `<lora:…>` in them is no markup. None if there are none."""
    if not isinstance(value, str):
        return None
    return value.replace("\0", "").encode(errors="replace").decode().strip()[:LONGEST_TEXT] or None


def line(value: object) -> str | None:
    """A text of one line; None if it is none or empty."""
    text = plain_text(value, _LONGEST_LINE)
    return " ".join(text.split()) if text else None


def _said(path: Path) -> Said:
    if path.suffix == ".txt":
        return _description(path)
    found = read_object(path)
    if found is None:
        return Said()
    if path.name.endswith(f".{CARD}"):
        return _own(found)
    if path.name.endswith(".cm-info.json"):
        return _stability_matrix(found)
    if path.name.endswith(".metadata.json"):
        return _lora_manager(found)
    if "modelVersions" in found or isinstance(found.get("model"), dict):
        return _civitai(found)
    return _a1111(found)


def _own(found: Json) -> Said:
    return Said(
        notes=_as_written(found.get("notes")),
        trigger_words=_words(found.get("trigger_words")),
        licence=line(found.get("licence")),
        source=line(found.get("source")),
    )


def _description(path: Path) -> Said:
    try:
        data = path.read_bytes()[: 4 * LONGEST_TEXT]
    except OSError:
        return Said()
    return Said(description=plain_text(data.decode("utf-8", "replace")))


def _a1111(found: Json) -> Said:
    return Said(
        description=plain_text(found.get("description")),
        trigger_words=_words(found.get("activation text")),
        negative_words=line(found.get("negative text")),
        weight=_weight(found.get("preferred weight")),
        notes=plain_text(found.get("notes")),
        base=line(found.get("sd version")),
    )


def _civitai(found: Json) -> Said:
    """A version with its model inside, or a model with its versions inside."""
    versions = _list(found.get("modelVersions"))
    version = _object(versions[0]) if versions else found
    model = found if versions else _object(found.get("model"))
    names = [line(model.get("name")), line(version.get("name"))]
    number = model.get("id") if versions else found.get("modelId")
    return Said(
        title=" – ".join(dict.fromkeys(name for name in names if name)) or None,
        description=plain_text(model.get("description")) or plain_text(version.get("description")),
        trigger_words=_words(version.get("trainedWords")),
        tags=_words(model.get("tags")),
        licence=_licence(model),
        base=line(version.get("baseModel")),
        source=_address(number, version.get("id")),
    )


def _stability_matrix(found: Json) -> Said:
    names = [line(found.get("ModelName")), line(found.get("VersionName"))]
    title = " – ".join(name for name in names if name)
    return Said(
        title=line(found.get("UserTitle")) or title or None,
        description=plain_text(found.get("ModelDescription")),
        trigger_words=_words(found.get("TrainedWords")),
        tags=_words(found.get("Tags")),
        base=line(found.get("BaseModel")),
        source=_address(found.get("ModelId"), found.get("VersionId")),
    )


def _lora_manager(found: Json) -> Said:
    civitai = _object(found.get("civitai"))
    own = Said(
        title=line(found.get("model_name")),
        description=plain_text(found.get("modelDescription")),
        notes=plain_text(found.get("notes")),
        tags=_words(found.get("tags")),
        base=line(found.get("base_model")),
    )
    return own.over(_civitai(civitai)) if civitai else own


def _licence(model: Json) -> str | None:
    """The terms under the names that the site gives them."""
    told = {name: model[name] for name in sorted(model) if name.startswith("allow")}
    return line(", ".join(f"{name}: {_shown(value)}" for name, value in told.items()))


def _shown(value: Any) -> str:
    return " ".join(map(str, _list(value))) or str(value)


def _address(model: object, version: object) -> str | None:
    if not isinstance(model, int):
        return None
    which = f"?modelVersionId={version}" if isinstance(version, int) else ""
    return f"https://civitai.com/models/{model}{which}"


def _words(value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else _list(value)
    return tidy(word for one in given if (word := line(one)))


def _weight(value: object) -> float | None:
    """0 stands for none, as A1111 writes it."""
    if isinstance(value, int | float) and math.isfinite(value) and value:
        return float(value)
    return None


def _object(value: object) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def write_notes(card: Path, notes: str) -> None:
    """Put the user's notes into the card beside a model and leave the rest of it as it is.

    Raises:
        UserError: what is there cannot be read.
        OSError: it cannot be written.
    """
    values = read_object(card)
    if values is None and card.exists():
        raise UserError("model_card_broken", file=card.name)
    kept = {name: value for name, value in (values or {}).items() if name != "notes"}
    if text := notes.strip()[:LONGEST_TEXT]:
        kept["notes"] = text
    write_atomically(card, json.dumps(kept, ensure_ascii=False, indent=1).encode(errors="replace"))
