"""What is told of a model: by its header, and by what lies beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from webui.core.errors import Problem, UserError
from webui.core.offers import ModelCard, PartSizes
from webui.library.adapters import family_named, trained_tags, trained_words
from webui.library.definitions import Definition, read_definition
from webui.library.gguf import read_gguf
from webui.library.heads import Head, read_head
from webui.library.kinds import Recognised, noted, recognised, recognised_by_shapes
from webui.library.pickles import read_pickle
from webui.library.places import PICKLES, Place
from webui.library.recognition import recognise_file, recognise_folder
from webui.library.sidecars import Said, line, plain_text, said_beside
from webui.library.weights import Header, read_header

MOST_TAGS = 24
THUMBNAIL = "modelspec.thumbnail"
_DRAWS = ("checkpoint", "diffusion_model", "unknown")
"""Kinds of files that are tried as checkpoints."""


class Model(BaseModel):
    """What a checkpoint is, see `core.offers.ModelInfo`."""

    model_config = ConfigDict(frozen=True)

    family: str | None = None
    variant: str | None = None
    card: ModelCard = ModelCard()
    problem: Problem | None = None
    extension: str | None = None
    sizes: PartSizes | None = None


class Told(BaseModel):
    """All that is told of a file or folder, until it or something beside it changes.

    Attributes:
        kind, family, algorithm, rank: see `kinds.Recognised`.
        dtype: of most of its numbers.
        alias: what its trainer called it.
        said: what is written in it and beside it.
        thumbnail: whether there is a picture in its header.
        model: what it is as a checkpoint; None if it is something else.
        definition: what a file says that defines a model of others.
        problem: why it cannot be read.
    """

    model_config = ConfigDict(frozen=True)

    kind: str = "unknown"
    family: str | None = None
    algorithm: str | None = None
    rank: int | None = None
    dtype: str = ""
    alias: str | None = None
    said: Said = Said()
    thumbnail: bool = False
    model: Model | None = None
    definition: Definition | None = None
    problem: Problem | None = None

    @property
    def lasts(self) -> bool:
        """Whether it holds until a file changes; what may be read tomorrow does not."""
        return self.problem is None or self.problem.code != "model_unreadable"


class Memory:
    """What tables of weights told, by their hashes.

    Whoever trains many LoRAs in one way writes the same table into each, after other metadata.
    """

    _MOST = 10_000

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[int, str, Recognised]] = {}

    def get(self, head: Head) -> tuple[str, Recognised] | None:
        """Type and kind of a file with this head; None if it is new, or of another length."""
        length, dtype, found = self._known.get(head.table, (-1, "", Recognised("unknown")))
        return (dtype, found) if length == head.length and found.kind not in _DRAWS else None

    def add(self, head: Head, dtype: str, found: Recognised) -> None:
        """Remember what one told that is whole."""
        if len(self._known) >= self._MOST:
            self._known.clear()
        self._known[head.table] = (head.length, dtype, found)


def tell(place: Place, memory: Memory) -> Told:
    """Read what is there; whatever is wrong with it is told, never raised."""
    said = said_beside(place.path.parent, place.texts)
    if place.format == "diffusers":
        return Told(kind="checkpoint", said=said, model=_folder(place))
    if place.format == "definition":
        return _defined(place, said)
    try:
        if f".{place.format}" in PICKLES:
            told = _pickle(place)
        else:
            told = _gguf(place) if place.format == "gguf" else _file(place, memory)
    except UserError as error:
        return Told(said=said, model=Model(problem=error.problem), problem=error.problem)
    said = said.over(told.said)
    family = told.family or (family_named(said.base) if said.base else None)
    return told.model_copy(update={"said": said, "family": family})


def _defined(place: Place, beside: Said) -> Told:
    """What it is made of is looked up later: it may come and go."""
    try:
        found = read_definition(place.path)
    except UserError as error:
        model = Model(problem=error.problem)
        return Told(kind="checkpoint", said=beside, model=model, problem=error.problem)
    said = Said(
        title=line(found.name),
        description=plain_text(found.notes),
        trigger_words=found.trigger_words,
        licence=line(found.licence),
        base=line(found.base),
        source=line(found.source),
    )
    model = Model(family=found.family)
    said = beside.over(said)
    return Told(kind="checkpoint", family=found.family, said=said, model=model, definition=found)


def _folder(place: Place) -> Model:
    try:
        kind = recognise_folder(place.path)
    except UserError as error:
        return Model(problem=error.problem)
    return Model(family=kind.family, variant=kind.variant, card=card_over(place.card, kind.card))


def _file(place: Place, memory: Memory) -> Told:
    head = read_head(place.path)
    if head and (known := memory.get(head)):
        return _told(*known, head.metadata)
    header = read_header(place.path, place.path.name)
    found = recognised_by_shapes(header.shapes)
    if head:
        memory.add(head, header.dtype, found)
    return _drawing(place, header, _told(header.dtype, found, header.metadata))


def _told(dtype: str, by_shapes: Recognised, metadata: Mapping[str, str]) -> Told:
    found = noted(by_shapes, metadata)
    return Told(
        kind=found.kind,
        family=found.family,
        algorithm=found.algorithm,
        rank=found.rank,
        dtype=dtype,
        alias=line(metadata.get("ss_output_name")),
        said=_said_inside(metadata, found.kind == "lora"),
        thumbnail=metadata.get(THUMBNAIL, "").startswith("data:image/"),
    )


def _model(place: Place, header: Header) -> Model:
    try:
        kind = recognise_file(place.path, header)
    except UserError as error:
        return Model(problem=error.problem)
    return Model(family=kind.family, variant=kind.variant, card=card_over(place.card, kind.card))


def _said_inside(metadata: Mapping[str, str], is_lora: bool) -> Said:
    tags = trained_tags(metadata) if is_lora else ()
    return Said(
        title=line(metadata.get("modelspec.title")),
        description=plain_text(metadata.get("modelspec.description")),
        trigger_words=trained_words(metadata, tags) if is_lora else (),
        tags=tuple(word for word, _ in tags[:MOST_TAGS]),
        licence=line(metadata.get("modelspec.license")),
        base=line(metadata.get("ss_base_model_version")),
    )


def _pickle(place: Place) -> Told:
    """A pickle's kind is told by the names in it, and the shapes of its tensors."""
    name = place.path.name
    pickled = read_pickle(place.path, name)
    if pickled.foreign is not None:
        raise UserError("model_pickle_foreign", file=name, name=pickled.foreign[:100])
    header = pickled.header
    names = (*header.shapes, *(one for one in pickled.names if "." in one))
    found = recognised_by_shapes({name: header.shapes.get(name, ()) for name in names})
    if "string_to_param" in pickled.names:
        return Told(kind="embedding", family=found.family, dtype=header.dtype)
    told = Told(
        kind=found.kind,
        family=found.family,
        algorithm=found.algorithm,
        rank=found.rank,
        dtype=header.dtype,
    )
    return _drawing(place, header, told)


def _gguf(place: Place) -> Told:
    read = read_gguf(place.path, place.path.name)
    found = recognised(read.header)
    reads = read.architecture if found.kind == "text_encoder" else ""
    told = Told(
        kind=found.kind,
        family=found.family or family_named(read.architecture) or reads or None,
        dtype=read.header.dtype,
        said=Said(title=line(read.title)),
    )
    return _drawing(place, read.header, told)


def _drawing(place: Place, header: Header, told: Told) -> Told:
    """With what it is as a checkpoint, if it may be one."""
    if told.kind not in _DRAWS:
        return told
    model = _model(place, header)
    alone = told.kind == "diffusion_model" and model.problem is None
    kind = "checkpoint" if alone else told.kind  # its other parts are looked for beside it
    return told.model_copy(update={"model": model, "kind": kind})


def card_over(path: Path, usual: ModelCard) -> ModelCard:
    """The model's card over what suits its kind; a card that cannot be read counts as none."""
    try:
        given = ModelCard.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return usual
    said = {name: getattr(given, name) for name in given.model_fields_set - {"family"}}
    return usual.model_copy(update=said)
