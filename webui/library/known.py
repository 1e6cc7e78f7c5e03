"""Well-known models: where they are to be had, how large they are, and under which licence.

The list ships with the program and is never looked up anywhere. What is fetched is compared with
the hash that the site tells; the list holds one only where it is certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from webui.core.kinds import ModelKind
from webui.library.weights import SUFFIX

LIST = Path(__file__).with_suffix(".json")
_ENDINGS = (SUFFIX, ".gguf", ".pth", ".pt")


class Listed(Protocol):
    """What is needed of an entry of the catalog (`webui.library.entries.Entry`)."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str | None: ...
    @property
    def problem(self) -> object: ...


class Known(BaseModel):
    """A model that people ask for by name.

    Attributes:
        name: what to ask for it by, in the shell and as the source of a download.
        source: where it is, as a `Download` has it.
        file_name: what to call the file, where its maker gave it no name of its own.
        bytes: of the file; None where it is not known before.
        sha256: of the file, where it is certain.
        token: whether the site gives it only to who is logged in and agreed to the licence.
        pickle: whether it could run code when it is loaded, and so is looked through first.
        here: id of the model in the catalog, if it is there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    kind: ModelKind
    family: str | None = None
    source: str
    file_name: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    licence: str | None = None
    token: bool = False
    pickle: bool = False
    here: str | None = Field(default=None, description="Id of the model, if it is there")

    @property
    def stem(self) -> str:
        """What its file is called here, without ending."""
        last = self.source.partition("@")[0].rpartition("/")[2]
        if self.file_name:
            return self.file_name
        ending = next((end for end in _ENDINGS if last.endswith(end)), "")
        return last.removesuffix(ending)

    @property
    def download(self) -> dict[str, Any]:
        """The fields of a `Download` that brings it here."""
        fields = {
            "source": self.source,
            "to": self.kind,
            "file_name": self.file_name,
            "sha256": self.sha256,
            "allow_pickle": self.pickle or None,
        }
        return {name: value for name, value in fields.items() if value is not None}


class KnownList(BaseModel):
    """Some of the well-known models."""

    models: tuple[Known, ...]


@cache
def known_models() -> tuple[Known, ...]:
    """All of the list, as it ships."""
    return TypeAdapter(tuple[Known, ...]).validate_json(LIST.read_bytes())


def known_named(name: str) -> Known | None:
    """The model of this name, title or name of a file."""
    wanted = name.strip().casefold()
    named = (one for one in known_models() if wanted in (one.name, one.title.casefold()))
    filed = (one for one in known_models() if wanted == one.stem.casefold())
    return next(named, None) or next(filed, None)


def find_known(search: str = "", kind: str | None = None) -> Sequence[Known]:
    """Those of a kind in which every word of the search is found."""
    words = search.casefold().split()
    return [
        one
        for one in known_models()
        if kind in (None, one.kind) and all(word in _text(one) for word in words)
    ]


def with_places(known: Iterable[Known], entries: Iterable[Listed]) -> tuple[Known, ...]:
    """The same, with those that are there: a file of that kind and name, or of that hash."""
    here: dict[tuple[str, str], str] = {}
    for entry in entries:
        if entry.problem is None:
            for name in (entry.name.rpartition("/")[2], entry.sha256 or ""):
                here.setdefault((_shelf(entry.kind), name.casefold()), entry.id)
    return tuple(
        one.model_copy(
            update={
                "here": here.get((_shelf(one.kind), one.stem.casefold()))
                or here.get((_shelf(one.kind), one.sha256 or "-"))
            }
        )
        for one in known
    )


def from_known(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a `Download` whose source is a name of the list, filled in from it."""
    source = values.get("source")
    known = known_named(source) if isinstance(source, str) else None
    return {**known.download, **_said(values)} if known else dict(values)


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "source" and value is not None}


def _shelf(kind: str) -> str:
    """A network alone is listed as a checkpoint when its other parts are there."""
    return "checkpoint" if kind == "diffusion_model" else kind


def _text(one: Known) -> str:
    words = (one.name, one.title, one.kind, one.family, one.source, one.licence)
    return " ".join(word for word in words if word).casefold()
