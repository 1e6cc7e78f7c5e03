"""The catalog as one list: names, search, order, pages."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, count

from pydantic import BaseModel, ConfigDict, Field

from webui.core.errors import Problem
from webui.core.kinds import ModelOrder
from webui.library.index import Hashed
from webui.library.places import PICKLE, Place
from webui.library.presets import OwnPresets, Preset, preset_of_lora
from webui.library.previews import mark_of
from webui.library.telling import Told

SHORT_HASH = 10
"""Digits of a hash that are shown, and by which a model can be asked for (A1111's)."""
SHORT_AUTOV3 = 12
"""The same of the hash without the header, as civitai and A1111 have it for LoRAs."""

_BROKEN = ("model_cut_off", "model_damaged", "model_unreadable", "model_pickle_foreign")


class Entry(BaseModel):
    """A file or folder that is a model of any kind, as far as its header and its neighbours tell.

    Attributes:
        id: names it in addresses; stays the same as long as the file stays where it is.
        name: what people call it: its path below its folder, without extension; of a kind no two
            have the same. Prompts, and requests for checkpoints, use it.
        folder: the folder of models that it lies in.
        family: that it is of, or fits; None if nothing tells.
        algorithm, rank: of a LoRA.
        preview: whether there is a picture of it; changes when the picture may have.
        problem: why it cannot be used, or None.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    name: str
    path: str
    folder: str
    format: str
    family: str | None = None
    variant: str | None = None
    algorithm: str | None = None
    rank: int | None = None
    dtype: str = Field(default="", description="Of most of its numbers: F16, BF16, …")
    bytes: int = 0
    modified: float = Field(default=0.0, description="Seconds since 1970")
    hash: str | None = Field(default=None, description="A1111's short hash, once computed")
    autov3: str | None = Field(default=None, description="civitai's AutoV3, once computed")
    sha256: str | None = Field(default=None, description="Of the file, once computed")
    title: str | None = None
    description: str | None = None
    trigger_words: tuple[str, ...] = ()
    negative_words: str | None = None
    weight: float | None = Field(default=None, description="That suits a LoRA")
    tags: tuple[str, ...] = ()
    notes: str | None = Field(default=None, description="The user's own")
    licence: str | None = None
    base: str | None = Field(default=None, description="What it was made for, in its maker's words")
    source: str | None = Field(default=None, description="Address of the page it came from")
    preview: str | None = None
    preset: Preset | None = Field(default=None, description="Settings that suit a LoRA")
    last_used: float | None = Field(
        default=None, description="Seconds since 1970, of one model or in the order `used`"
    )
    problem: Problem | None = None

    @property
    def broken(self) -> bool:
        """Whether the file itself is no good; what cannot be drawn with may be whole."""
        return self.problem is not None and self.problem.code in _BROKEN


class Page(BaseModel):
    """A part of a list.

    Attributes:
        total: how many there are in all.
        kinds, families: how many of each, of those that the search finds.
        whole: whether all files are read; if not, ask again.
        problems: folders that cannot be read.
        folders: kind -> where a new file of it belongs.
    """

    model_config = ConfigDict(frozen=True)

    total: int
    entries: tuple[Entry, ...]
    kinds: dict[str, int] = {}
    families: dict[str, int] = {}
    whole: bool = True
    problems: tuple[Problem, ...] = ()
    folders: dict[str, str] = {}


@dataclass(frozen=True)
class Row:
    """One model and its name."""

    place: Place
    told: Told
    kind: str
    name: str

    @cached_property
    def id(self) -> str:
        """Of the path, so that no address ever holds a path."""
        return hashlib.blake2b(str(self.place.path).encode(), digest_size=8).hexdigest()

    @property
    def family(self) -> str | None:
        model = self.told.model if self.kind == "checkpoint" else None
        return (model.family if model else None) or self.told.family

    @property
    def problem(self) -> Problem | None:
        if self.kind == "checkpoint" and self.told.model:
            return self.told.model.problem
        return self.told.problem

    @property
    def title(self) -> str | None:
        titles = self.told.model.card.title if self.told.model else {}
        return titles.get("en") or next(iter(titles.values()), None) or self.told.said.title

    @cached_property
    def text(self) -> str:
        """All that a search looks through."""
        said = self.told.said
        words = (self.name, self.place.path.name, self.title, self.family, self.told.alias)
        more = (said.base, said.notes, *said.trigger_words, *said.tags)
        return plain("\n".join(word for word in (*words, *more) if word))

    @cached_property
    def order(self) -> str:
        return plain(self.name)


class Listing:
    """All models of one moment, never changed."""

    def __init__(
        self,
        found: Iterable[tuple[Place, Told]],
        hashes: Mapping[str, Hashed],
        checkpoints: Mapping[Place, str],
        presets: OwnPresets | None = None,
    ) -> None:
        """Name all.

        Args:
            checkpoints: the names of those that requests can ask for.
            presets: the user's own.
        """
        self._hashes = hashes
        self._presets = presets or {}
        self._known: dict[str, Sequence[Mapping[str, Row]]] = {}
        kinds: dict[str, list[tuple[Place, Told]]] = {}
        for place, told in found:
            kinds.setdefault(kind_of(place, told), []).append((place, told))
        rows: list[Row] = []
        for kind, own in kinds.items():
            given: Mapping[Place, str] = checkpoints if kind == "checkpoint" else {}
            names = distinct(place for place, _ in own)
            for (place, told), name in zip(own, names, strict=True):
                rows.append(Row(place, told, kind, given.get(place, name)))
        self.rows = sorted(rows, key=lambda row: row.order)

    @cached_property
    def by_id(self) -> Mapping[str, Row]:
        return {row.id: row for row in self.rows}

    def page(
        self,
        kind: str | None = None,
        search: str = "",
        family: str | None = None,
        offset: int = 0,
        limit: int | None = 100,
        sort: ModelOrder = "name",
        used: Mapping[str, float] | None = None,
    ) -> Page:
        """Some of them; every word of the search must be somewhere in a model's words.

        used: when models were last used, by their ids.
        """
        words = plain(search).split()
        found = [row for row in self.rows if all(word in row.text for word in words)]
        kinds = Counter(row.kind for row in found)
        found = [row for row in found if kind in (None, row.kind)]
        families = Counter(row.family or "" for row in found)
        found = [row for row in found if family is None or family == (row.family or "")]
        if by := _SORTS[sort]:
            found.sort(key=by)
        elif sort == "used" and used:
            found.sort(key=lambda row: -used.get(row.id, 0.0))
        end = None if limit is None else offset + limit
        entries = tuple(map(self.entry, found[offset:end]))
        return Page(total=len(found), entries=entries, kinds=dict(kinds), families=dict(families))

    def find(self, kind: str, name: str) -> Row | None:
        """The model of a kind that a name means: id, name, file name, alias, title or hash."""
        wanted = plain(name)
        if kind not in self._known:
            self._known[kind] = tuple(self._names(kind))
        for names in self._known[kind]:
            if found := names.get(wanted):
                return found
        return None

    def entry(self, row: Row) -> Entry:
        """All that is known of one."""
        place, told, said = row.place, row.told, row.told.said
        hashed = self.hashed(place)
        return Entry(
            id=row.id,
            kind=row.kind,
            name=row.name,
            path=str(place.path),
            folder=str(place.root),
            format=place.format,
            family=row.family,
            variant=told.model.variant if told.model else None,
            algorithm=told.algorithm,
            rank=told.rank,
            dtype=told.dtype,
            bytes=place.bytes,
            modified=place.modified,
            hash=hashed.sha256[:SHORT_HASH] if hashed else None,
            autov3=hashed.autov3[:SHORT_AUTOV3] if hashed and hashed.autov3 else None,
            sha256=hashed.sha256 if hashed else None,
            title=row.title,
            preview=mark_of(place, told),
            preset=self._preset(row),
            problem=row.problem,
            **{name: getattr(said, name) for name in _SAID},
        )

    def _preset(self, row: Row) -> Preset | None:
        if row.kind != "lora":
            return None
        return preset_of_lora(row.name, row.title, self._presets)

    def hashed(self, place: Place) -> Hashed | None:
        """The hashes of the file as it is, if they were computed."""
        if not place.weights:
            return None
        known = self._hashes.get(str(place.weights[0]))
        return known if known and known.at == place.stamps[0] else None

    def _names(self, kind: str) -> Iterator[Mapping[str, Row]]:
        """Name -> row, by each sort of names in turn; among equals, the first that can be used."""
        rows = [row for row in self.rows if row.kind == kind]
        rows.sort(key=lambda row: row.problem is not None)
        for names_of in _WAYS:
            names: dict[str, Row] = {}
            for row in rows:
                for name in names_of(row):
                    names.setdefault(plain(name), row)
            yield names
        hashes: dict[str, Row] = {}
        for row in rows:
            if hashed := self.hashed(row.place):
                for one in (hashed.sha256, hashed.autov3):
                    for digits in (SHORT_HASH, SHORT_AUTOV3, None) if one else ():
                        hashes.setdefault((one or "")[:digits], row)
        yield hashes


_SAID = (
    *("description", "trigger_words", "negative_words", "weight", "tags"),
    *("notes", "licence", "base", "source"),
)

_WAYS: tuple[Callable[[Row], Sequence[str]], ...] = (
    lambda row: (row.id, row.name),
    lambda row: (row.place.full_name,),
    lambda row: (row.place.stem, row.place.path.name, row.name.rpartition("/")[2]),
    lambda row: [name for name in (row.told.alias, row.title) if name],
)
"""Sorts of names, the more exact ones first; hashes come last."""

_OF_ANY_MAKE = ("annotator", "detector")
"""Kinds that only the folder tells."""
_SORTS: Mapping[str, Callable[[Row], float] | None] = {
    "name": None,
    "newest": lambda row: -row.place.modified,
    "oldest": lambda row: row.place.modified,
    "largest": lambda row: -row.place.bytes,
    "smallest": lambda row: row.place.bytes,
    "used": None,
}


def kind_of(place: Place, told: Told) -> str:
    """What its header says; where that is not known, what its folder promises.

    Annotators are of any make, and some are built like text encoders or upscalers.
    """
    if place.kind in _OF_ANY_MAKE:
        return place.kind
    if told.kind != "unknown":
        return told.kind
    promised = place.kind or "unknown"
    readable = told.problem is None and f".{place.format}" != PICKLE
    return "unknown" if promised == "checkpoint" and readable else promised


def distinct(here: Iterable[Place]) -> Iterator[str]:
    """A name for each place: its own, with the extension where that is taken, then a number."""
    taken: set[str] = set()
    for place in here:
        numbered = (f"{place.name} ({number})" for number in count(2))
        names = chain((place.name, place.full_name), numbered)
        name = next(name for name in names if name.casefold() not in taken)
        taken.add(name.casefold())
        yield name


def plain(name: str) -> str:
    """A name as it is compared: in small letters, accents in one spelling, `/` in paths."""
    return unicodedata.normalize("NFC", name).replace("\\", "/").casefold()
