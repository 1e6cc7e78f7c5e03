"""Architectures that extensions bring: how their files are told, and what suits them, as data.

They stand in the manifest, so that the page knows them without running anything of the extension;
what loads them is in its worker's module (`register_families`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from webui.core.kinds import ModelKind
from webui.core.offers import Localized, ModelCard, PartSizes, Preview

_Side = Annotated[int, Field(ge=0)]
_Pixels = Annotated[int, Field(ge=8, le=2**14)]
_Part = Annotated[str, Field(pattern=r"^(?:text_encoder(?:_\d)?|vae|network)$")]
_Name = Annotated[str, Field(min_length=1)]
Unused = Literal["negative_prompt", "clip_skip", "shift", "image_cfg_scale", "vae"]


class FamilyCard(BaseModel):
    """What suits models of a family where they have no card of their own.

    Attributes:
        width, height: in pixels, that they were trained at.
        distilled: the network itself is told the scale of the guidance.
        unused: fields of a request that count for nothing with them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: _Pixels = 512
    height: _Pixels = 512
    steps: int = Field(default=20, ge=1, le=1000)
    sampler: str = "Euler"
    schedule: str = "Automatic"
    cfg_scale: float = Field(default=7.0, ge=0, le=1000)
    clip_skip: int = Field(default=1, ge=1, le=12)
    distilled: bool = False
    unused: tuple[Unused, ...] = ()
    preview: Preview | None = None


class Architecture(BaseModel):
    """A family of models, and how one of its files is told from all others.

    Attributes:
        name: of the family, as `register_families` has it.
        kind: of its files; besides checkpoints, say, LoRAs that were made for it.
        marks: how names of weights begin; a file has each of them.
        shapes: name of a weight -> its shape; 0 stands for any number.
        pipeline: the class that `model_index.json` names, of folders in diffusers' layout.
        parts: how names of weights begin -> the part that they belong to, for what is told of
            memory: `network`, `text_encoder`, `text_encoder_2`, … or `vae`.
        beside: part -> millions of weights, of parts that lie elsewhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9._-]{0,31}$")
    title: Localized = {}
    kind: ModelKind = "checkpoint"
    marks: tuple[_Name, ...] = ()
    shapes: dict[_Name, tuple[_Side, ...]] = {}
    pipeline: str | None = None
    card: FamilyCard = FamilyCard()
    parts: dict[_Name, _Part] = {}
    beside: dict[_Part, Annotated[int, Field(ge=0)]] = {}

    @model_validator(mode="after")
    def _is_told_by_something(self) -> Architecture:
        if not (self.marks or self.shapes or self.pipeline):
            raise ValueError("give marks, shapes or a pipeline, by which its files are told")
        return self

    @property
    def model_card(self) -> ModelCard:
        """What suits it, as models have it."""
        return ModelCard(family=self.name, **dict(self.card))

    @property
    def sizes(self) -> PartSizes:
        """Which part each weight belongs to."""
        longest = sorted(self.parts.items(), key=lambda one: -len(one[0]))
        return PartSizes(named=tuple(longest), beside=tuple(self.beside.items()))


Brought = tuple[tuple[str, Architecture], ...]
"""(extension, architecture), in the order in which they are asked."""
