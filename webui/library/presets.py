"""What suits a model, a family or a LoRA: settings that a form takes when it is chosen.

The built-in ones are the cards (`cards.py`), and for LoRAs what their names tell. The user's own
lie in one file of the data folder and go before them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from webui.core.errors import UnknownId, UserError
from webui.core.files import write_atomically
from webui.core.offers import ModelCard
from webui.core.request import Guidance, Name, Part, Prompt, Shift, Size, Steps, Storage
from webui.library.cards import VARIANTS, speed_of, steps_of
from webui.library.stamps import Stamp, stamp

PresetKind = Literal["model", "family", "lora"]
MOST = 10_000
"""Presets of the user's that are kept."""


class Preset(Part):
    """Settings; what is None is left as it is.

    Attributes:
        shift: of a flow's noise levels.
        vae: name of an autoencoder.
        negative_prompt: an empty one is a setting, too.
    """

    sampler: Name | None = None
    schedule: Name | None = None
    steps: Steps | None = None
    cfg_scale: Guidance | None = None
    shift: Shift | None = None
    width: Size | None = None
    height: Size | None = None
    clip_skip: int | None = Field(default=None, ge=1, le=12)
    vae: Name | None = None
    storage: Storage | None = None
    negative_prompt: Prompt | None = None

    @property
    def values(self) -> dict[str, Any]:
        """Those that are set."""
        return self.model_dump(exclude_none=True)

    def onto(self, card: ModelCard) -> ModelCard:
        """A model's card with these settings."""
        values = self.values
        if self.negative_prompt is not None:
            values["negative_prompt"] = {"en": self.negative_prompt}
        return card.model_copy(update=values) if values else card


class OwnPreset(BaseModel):
    """A preset of the user's.

    Attributes:
        name: id of the model, name of the family, or name of the LoRA that it is for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: PresetKind
    name: str = Field(min_length=1, max_length=300)
    values: Preset


class PresetList(BaseModel):
    """The user's presets."""

    presets: tuple[OwnPreset, ...]


_FILE: TypeAdapter[tuple[OwnPreset, ...]] = TypeAdapter(tuple[OwnPreset, ...])
_Key = tuple[str, str]
OwnPresets = Mapping[_Key, Preset]
"""The user's presets by kind and name."""


class Presets:
    """The user's own, in a file that several processes may read. Any thread may use it."""

    def __init__(self, path: Path | None = None) -> None:
        """Without a path there are none."""
        self._path = path
        self._lock = threading.Lock()
        self._kept: tuple[Stamp | None, OwnPresets] | None = None

    def now(self) -> OwnPresets:
        """By kind and name; the same object as long as the file does not change."""
        at = stamp(self._path) if self._path else None
        kept = self._kept
        if kept is None or kept[0] != at:
            kept = self._kept = at, {(one.kind, one.name): one.values for one in self._read()}
        return kept[1]

    def all(self) -> tuple[OwnPreset, ...]:
        """All of them, by kind and name."""
        now = sorted(self.now().items())
        return tuple(
            OwnPreset.model_construct(kind=kind, name=name, values=values)
            for (kind, name), values in now
        )

    def keep(self, preset: OwnPreset) -> None:
        """Take one in, in the place of the one that was there.

        Raises:
            UserError: the file cannot be written, or there are too many.
        """
        with self._lock:
            kept = {**self.now(), (preset.kind, preset.name): preset.values}
            if len(kept) > MOST:
                raise UserError("presets_full", limit=MOST)
            self._write(kept)

    def remove(self, kind: str, name: str) -> None:
        """Forget one.

        Raises:
            UnknownId: there is none.
            UserError: the file cannot be written.
        """
        with self._lock:
            kept = dict(self.now())
            if kept.pop((kind, name), None) is None:
                raise UnknownId("unknown_preset", "name", name=name[:100])
            self._write(kept)

    def _read(self) -> Sequence[OwnPreset]:
        """What can be read; a broken file is put aside by the next that is written."""
        if self._path is None:
            return ()
        try:
            return _FILE.validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return ()

    def _write(self, kept: OwnPresets) -> None:
        told = [
            {"kind": kind, "name": name, "values": preset.values}
            for (kind, name), preset in sorted(kept.items(), key=lambda item: item[0])
        ]
        assert self._path is not None
        write_atomically(self._path, json.dumps(told, ensure_ascii=False, indent=1).encode())
        self._kept = None


def with_own(card: ModelCard, id: str, family: str | None, own: OwnPresets) -> ModelCard:
    """A model's card with the user's presets: that of its family, over it the model's own."""
    for key in (("family", family or ""), ("model", id)):
        if preset := own.get(key):
            card = preset.onto(card)
    return card


def preset_of_lora(name: str, title: str | None, own: OwnPresets) -> Preset | None:
    """What a LoRA wants that makes a model quick, as its names tell, or what the user keeps."""
    if mine := own.get(("lora", name)):
        return mine
    speed = speed_of(name, title or "")
    if speed is None:
        return None
    values = dict(VARIANTS[speed])
    steps = steps_of(name, title or "")
    return Preset.model_validate({**values, **({"steps": steps} if steps else {})})
