"""The models there are: told by their headers, looked up by any name that people use for them.

A name from a request is only ever compared with what was found; it never becomes a path.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, count
from pathlib import Path

from pydantic import ValidationError

from webui.core.errors import UnknownId, UserError
from webui.core.offers import ModelCard, ModelInfo
from webui.core.paths import Paths
from webui.core.settings import load_settings
from webui.library.hashes import Hashes
from webui.library.places import PICKLE, Place, places
from webui.library.recognition import Kind, recognise_file, recognise_folder

FOLDERS = ("checkpoints", "Stable-diffusion")
"""Where checkpoints lie below a folder of models; the second name is A1111's."""
SHORT_HASH = 10
"""Digits of a hash that are shown, and by which a model can be asked for."""

_SHOWN_NAME = 100
_HASH_IN_BRACKETS = re.compile(r"\s*\[[0-9a-fA-F]+\]$")


class Catalog:
    """All models below some folders. Any thread may use it."""

    def __init__(
        self,
        folders: Sequence[Path],
        shipped: Path,
        hashes: Path,
        preferred: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Look at nothing yet.

        Args:
            folders: of models; checkpoints are looked for in their `FOLDERS`.
            shipped: the model that came with the program.
            hashes: file to remember hashes in.
            preferred: the user's choice of a default model.
        """
        self._roots = [folder / name for folder in folders for name in FOLDERS]
        self._shipped = shipped
        self._hashes = Hashes(hashes)
        self._preferred = preferred
        self._lock = threading.Lock()
        self._seen: dict[Place, ModelInfo] = {}

    @classmethod
    def of(cls, paths: Paths) -> Catalog:
        """The catalog of a data folder; its settings name the default model."""
        return cls(
            paths.model_folders,
            paths.shipped_model,
            paths.hashes,
            lambda: load_settings(paths.settings).default_model,
        )

    def models(self) -> tuple[ModelInfo, ...]:
        """All of them by name, also what cannot be used; reads only what is new or changed."""
        return tuple(info for _, info in self._found())

    def get(self, name: str | None = None) -> ModelInfo:
        """A model that can be used.

        Args:
            name: id, title, file name or hash; None for the default one: what the settings name,
                else the first that the user added, else the shipped one.

        Raises:
            UserError: there is no such model, or it cannot be used.
        """
        models = self.models()
        if name is None:
            return self._default(models)
        found = _named(models, name)
        if found is None:
            shown = name[:_SHOWN_NAME]
            raise UnknownId("unknown_model", "model", name=shown, folder=str(self._roots[0]))
        if found.problem is not None:
            raise UserError(found.problem.code, "model", **found.problem.values)
        return found

    def hash(self, id: str) -> str | None:
        """The short hash of a model; reads its weights the first time. None if they are gone."""
        place = next((place for place, info in self._found() if info.id == id), None)
        if place is None or not place.weights:
            return None
        try:
            return self._hashes.compute(place.weights[0])[:SHORT_HASH]
        except OSError:
            return None

    def _found(self) -> list[tuple[Place, ModelInfo]]:
        with self._lock:
            here = list(chain.from_iterable(places(root) for root in self._roots))
            self._seen = {place: self._seen.get(place) or self._look(place) for place in here}
            named = zip(here, _distinct(here), strict=True)
            found = [(place, self._told(place, name)) for place, name in named]
        return sorted(found, key=lambda entry: entry[1].id.casefold())

    def _look(self, place: Place) -> ModelInfo:
        """Read the headers."""
        kind, problem = None, None
        try:
            kind = _kind(place)
        except UserError as error:
            problem = error.problem
        return ModelInfo(
            id=place.name,
            path=str(place.path),
            format=place.format,
            family=kind.family if kind else None,
            variant=kind.variant if kind else None,
            bytes=place.bytes,
            card=_card(place.card, kind.card if kind else ModelCard()),
            problem=problem,
            shipped=place.path == self._shipped,
        )

    def _told(self, place: Place, name: str) -> ModelInfo:
        """What is told of a place: its name among the others, and its hash as far as known."""
        known = self._hashes.known(place.weights[0]) if place.weights else None
        short = known[:SHORT_HASH] if known else None
        return self._seen[place].model_copy(update={"id": name, "hash": short})

    def _default(self, models: Sequence[ModelInfo]) -> ModelInfo:
        usable = [info for info in models if info.problem is None]
        wanted = self._preferred()
        chosen = _named(usable, wanted) if wanted else None
        chosen = chosen or min(usable, key=lambda info: info.shipped, default=None)
        if chosen is None:
            raise UserError("no_model", "model", folder=str(self._roots[0]))
        return chosen


def _kind(place: Place) -> Kind:
    if place.format == "diffusers":
        return recognise_folder(place.path)
    if place.path.suffix == PICKLE:
        raise UserError("model_pickle", file=place.path.name)
    return recognise_file(place.path)


def _card(path: Path, usual: ModelCard) -> ModelCard:
    """The model's card over what suits its kind; a card that cannot be read counts as none."""
    try:
        given = ModelCard.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return usual
    said = {name: getattr(given, name) for name in given.model_fields_set - {"family"}}
    return usual.model_copy(update=said)


def _distinct(here: Iterable[Place]) -> Iterator[str]:
    """A name for each place: its own, with the extension where that is taken, then a number."""
    taken: set[str] = set()
    for place in here:
        numbered = (f"{place.name} ({number})" for number in count(2))
        names = chain((place.name, place.full_name), numbered)
        name = next(name for name in names if name.casefold() not in taken)
        taken.add(name.casefold())
        yield name


def _named(models: Sequence[ModelInfo], name: str) -> ModelInfo | None:
    """The model that a name means; one that can be used before others of the same name."""
    wanted = _plain(name)
    for names in (_ids, _titles, _file_names, _hash):
        found = [info for info in models if wanted in names(info)]
        if found:
            return min(found, key=lambda info: info.problem is not None)
    shorter = _HASH_IN_BRACKETS.sub("", name)
    return _named(models, shorter) if shorter != name else None


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).replace("\\", "/").casefold()


def _ids(info: ModelInfo) -> set[str]:
    return {_plain(info.id)}


def _titles(info: ModelInfo) -> set[str]:
    return {_plain(title) for title in info.card.title.values()}


def _file_names(info: ModelInfo) -> set[str]:
    path = Path(info.path)
    return {_plain(name) for name in (path.name, path.stem, f"{info.id}{path.suffix}")}


def _hash(info: ModelInfo) -> set[str]:
    return {info.hash} if info.hash else set()
