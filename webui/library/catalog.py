"""The models there are: told by their headers, looked up by any name that people use for them.

A name from a request is only ever compared with what was found; it never becomes a path.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from webui.core.architectures import Brought
from webui.core.errors import UnknownId, UserError
from webui.core.finding import declared
from webui.core.kinds import ModelOrder
from webui.core.offers import ModelInfo
from webui.core.paths import Paths
from webui.core.settings import load_settings
from webui.library.architectures import Architectures
from webui.library.checkpoints import Moment, listed, named, named_by_old_hash, preferred
from webui.library.defining import completed, defined, missing_of
from webui.library.definitions import (
    Definition,
    Missing,
    read_definition,
    replace_definition,
    save_new,
)
from webui.library.entries import SHORT_HASH, Entry, Listing, Page, Row
from webui.library.hashes import Hashes
from webui.library.index import Index
from webui.library.layouts import FOLDERS, Shelf, shelves, shelves_of
from webui.library.presets import Presets
from webui.library.previews import picture_of
from webui.library.removal import going
from webui.library.scans import Found, Scan
from webui.library.sidecars import write_notes
from webui.library.trash import Trash, Trashed

_SHOWN_NAME = 100
_POLL_SECONDS = 30.0
_PATIENCE_SECONDS = 0.3


class Catalog:
    """All models below some folders. Any thread may use it, and any number of processes."""

    def __init__(
        self,
        folders: Sequence[Path],
        shipped: Path,
        index: Path,
        preferred: Callable[[], str | None] = lambda: None,
        more: Callable[[], Sequence[Path]] = lambda: (),
        presets: Presets | None = None,
        brought: Callable[[], Brought] = lambda: (),
    ) -> None:
        """Look at nothing yet.

        Args:
            folders: of models; in each, those of the kinds in `layouts.FOLDERS`.
            shipped: the model that came with the program.
            index: file to remember in what was read.
            preferred: the user's choice of a default model.
            more: folders of models that the user named, or of programs that have some.
            presets: the user's own.
            brought: architectures of extensions, as they are now.
        """
        self._home = folders[0] / FOLDERS["checkpoint"][0]
        self._folders = tuple(folders)
        self.trash = Trash(folders[0])
        self._more = more
        self.presets = presets or Presets()
        self._shipped = shipped
        self._preferred = preferred
        self._index = Index(index)
        self._hashes = Hashes(self._index)
        self._first = Scan(lambda: self._shelves(for_checkpoints=True), self._index)
        self._rest = Scan(lambda: self._shelves(for_checkpoints=False), self._index)
        self._lock = threading.Lock()
        self._moment: Moment | None = None
        self._architectures = Architectures(brought)
        self._wake = threading.Event()
        self._end = threading.Event()
        self._watcher: threading.Thread | None = None

    @classmethod
    def of(cls, paths: Paths, brought: Callable[[], Brought] | None = None) -> Catalog:
        """The catalog of a data folder; its settings name the default model and more folders.

        Args:
            brought: see above; None: what the manifests say of extensions that are on.
        """
        return cls(
            paths.model_folders,
            paths.shipped_model,
            paths.index,
            lambda: load_settings(paths.settings).default_model,
            lambda: load_settings(paths.settings).folders_of_models,
            Presets(paths.presets),
            brought or declared(paths.extension_folders, load_settings(paths.settings)),
        )

    # -- checkpoints

    def models(self) -> tuple[ModelInfo, ...]:
        """All checkpoints by name, also what cannot be used; reads only what is new or changed."""
        return tuple(info for _, info in self._now(self._first.found(), self._rest.last).models)

    def get(self, name: str | None = None) -> ModelInfo:
        """A model that can be used.

        Args:
            name: id, title, file name or hash; None for the default one: what the settings name,
                else the first that the user added, else the shipped one.

        Raises:
            UserError: there is no such model, or it cannot be used.
        """
        folders = tuple(map(str, (*self._folders, *self._more())))
        return self._named(name).model_copy(update={"folders": folders})

    def _named(self, name: str | None) -> ModelInfo:
        asked = time.monotonic()
        models = self.models()
        if name is None:
            return preferred(models, self._preferred(), self._home)
        found = named(models, name)
        if found is None and self._expire_before(asked):
            models = self.models()
            found = named(models, name)
        if found is None and not self._rest.last.whole:  # a checkpoint among LoRAs
            self._rest.found(self._patience)
            found = named(self.models(), name)
        if found is None:
            found = named_by_old_hash(models, name)
        if found is None:
            shown = name[:_SHOWN_NAME]
            raise UnknownId("unknown_model", "model", name=shown, folder=str(self._home))
        if found.problem is not None:
            raise UserError(found.problem.code, "model", **found.problem.values)
        return found

    def hash(self, id: str) -> str | None:
        """The short hash of a model; reads its weights the first time. None if they are gone."""
        models = self._now(self._first.found(), self._rest.last).models
        place = next((place for place, info in models if info.id == id), None)
        if place is None or not place.weights:
            return None
        try:
            return self._hashes.compute(place.weights[0]).sha256[:SHORT_HASH]
        except OSError:
            return None

    # -- models of every kind

    def entries(
        self,
        kind: str | None = None,
        search: str = "",
        family: str | None = None,
        offset: int = 0,
        limit: int | None = 100,
        sort: ModelOrder = "name",
        patience: float | None = None,
        used: Mapping[str, float] | None = None,
    ) -> Page:
        """A page of the list of all models.

        Args:
            kind: a `core.kinds.ModelKind`; None for all.
            search: words that must be in the name, title, tags, trigger words or notes.
            family: None for all, empty for those of which it is not known.
            limit: how many at most; None for all.
            used: when models were last used, by their ids.
            patience: seconds after which what is read so far will do; None for all there is.
        """
        patience = self._patience if patience is None else patience
        found = (self._first.found(patience), self._rest.found(patience))
        self._wake.set()
        page = self._now(*found).listing.page(kind, search, family, offset, limit, sort, used)
        gone = (str(folder) for folder in self._more() if not os.path.isdir(folder))
        missing = (UserError("model_folder_missing", folder=folder).problem for folder in gone)
        problems = (*missing, *found[0].problems, *found[1].problems)
        whole = found[0].whole and found[1].whole
        return page.model_copy(update={"problems": problems, "whole": whole})

    def entry(self, id: str) -> Entry:
        """One model, by its id.

        Raises:
            UnknownId: there is none.
        """
        listing = self.listing()
        return listing.entry(self._row(listing, id))

    def find(self, kind: str, name: str) -> Entry | None:
        """The model of a kind that a name means.

        Args:
            name: its id, name, file's name, the name its trainer gave it, its title or hash, in
                any case of letters.
        """
        asked = time.monotonic()
        listing = self.listing()
        row = listing.find(kind, name)
        if row is None and self._expire_before(asked):
            listing = self.listing()
            row = listing.find(kind, name)
        return listing.entry(row) if row else None

    def hashed(self, id: str, check: Callable[[], None] = lambda: None) -> Entry:
        """One model with its hashes; reads the whole file the first time.

        Args:
            check: called while it reads; may raise to stop.

        Raises:
            UserError: there is none, or it cannot be read.
        """
        listing = self.listing()
        row = self._row(listing, id)
        for file in row.place.weights[:1]:
            try:
                self._hashes.compute(file, check)
            except OSError as error:
                reason = error.strerror or str(error)
                raise UserError("model_unreadable", file=file.name, reason=reason) from error
        return self.entry(id)

    def set_notes(self, id: str, notes: str) -> Entry:
        """Write the user's notes into the card beside the model.

        Raises:
            UserError: there is no such model, or the card cannot be read or written.
        """
        write_notes(self._row(self.listing(), id).place.own_card, notes)
        self.expire()
        return self.entry(id)

    def definition(self, id: str) -> tuple[Path, Definition]:
        """The file that defines a model, and what it says.

        Raises:
            UserError: there is no such model, it is none that a file defines, or it is broken.
        """
        path = self.definition_file(id)
        return path, read_definition(path)

    def missing(self, definition: Definition) -> tuple[Missing, ...]:
        """What a definition needs that is not there."""
        return missing_of(definition, self.models(), self.listing())

    def define(self, definition: Definition, id: str | None = None) -> Entry:
        """Write a definition: a new one, or in the place of the one with an id.

        Raises:
            UserError: there is no such definition, or it cannot be written.
        """
        path = self.definition_file(id) if id else None
        if path is None:
            path = save_new(self.folder("checkpoint"), definition)
        else:
            replace_definition(path, definition)
        self.expire()
        listing = self.listing()
        for row in listing.rows:
            if row.place.path == path:
                return listing.entry(row)
        raise UnknownId("unknown_entry", "id", name=path.name)  # somebody deleted it at once

    def definition_file(self, id: str) -> Path:
        """Where a definition lies, also one that is broken.

        Raises:
            UnknownId: there is none.
        """
        row = self._row(self.listing(), id)
        if row.place.format != "definition":
            raise UnknownId("no_definition", "id", name=row.name)
        return row.place.path

    def picture(self, id: str) -> bytes | None:
        """The file of the picture of a model, if it has one.

        Raises:
            UserError: there is no such model, or the picture cannot be read.
        """
        row = self._row(self.listing(), id)
        return picture_of(row.place, row.told)

    def remove(self, id: str) -> Trashed:
        """Move a model of the user's own folder into the trash, with what lies beside it.

        Raises:
            UserError: there is none, it may not be deleted, or it cannot be.
        """
        listing = self.listing()
        row = self._row(listing, id)
        others = (one.place for one in listing.rows)
        paths = going(row.place, self._folders[0], self._shipped, others)
        told = {name: getattr(row, name) for name in ("kind", "name", "title", "family")}
        trashed = self.trash.put(paths, **told, bytes=row.place.bytes)
        self.expire()
        return trashed

    def expire(self) -> None:
        """Look at the folders again the next time, however short ago the last time was."""
        self._first.expire()
        self._rest.expire()

    def _expire_before(self, asked: float) -> bool:
        """Let the folders be looked at again if the last look is older than a question: a model
        that was put there a moment ago must not be called missing.

        asked: by `time.monotonic()`.
        """
        old = [scan for scan in (self._first, self._rest) if scan.looked < asked]
        for scan in old:
            scan.expire()
        return bool(old)

    def folder(self, kind: str) -> Path:
        """Where new models of a kind go: the user's folder of them, however it is called."""
        ours = self._folders[0]
        return next(iter(shelves_of([ours], kind)), ours / FOLDERS[kind][0])

    # -- in the background

    def watch(self) -> None:
        """Read everything in a thread of its own, and look again when somebody asks and now and
        then, so that nobody waits for it."""
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, daemon=True, name="catalog")
            self._watcher.start()

    def close(self) -> None:
        """End the thread."""
        self._end.set()
        self._wake.set()
        if self._watcher is not None:
            self._watcher.join()

    def _watch(self) -> None:
        tidied: tuple[Found, ...] = ()
        while True:
            self._wake.clear()
            if self._end.is_set():  # looked at after the clearing: no call to end gets lost
                return
            found = (self._first.found(stop=self._end), self._rest.found(stop=self._end))
            if all(one.whole for one in found) and found != tidied:
                self._index.tidy(str(place.path) for one in found for place, _ in one.models)
                tidied = found
            self._wake.wait(_POLL_SECONDS)

    # -- inside

    def _shelves(self, for_checkpoints: bool) -> Sequence[Shelf]:
        """Those in which checkpoints may be, or the others; so that the first ones are quick."""
        found = shelves((*self._folders, *self._more()))
        return [one for one in found if (one.kind in ("checkpoint", None)) == for_checkpoints]

    @property
    def _patience(self) -> float | None:
        """Where a thread reads on, nobody waits for it; where there is none, who asks reads."""
        return _PATIENCE_SECONDS if self._watcher else None

    def listing(self) -> Listing:
        """All models as they are known now."""
        patience = self._patience
        return self._now(self._first.found(patience), self._rest.found(patience)).listing

    def _row(self, listing: Listing, id: str) -> Row:
        row = listing.by_id.get(id)
        if row is None:
            raise UnknownId("unknown_entry", "id", name=id[:_SHOWN_NAME])
        return row

    def _now(self, first: Found, rest: Found) -> Moment:
        """What those looks come to; made once for each of them."""
        hashes = self._index.hashes
        own = self.presets.now()
        brought = self._architectures.now()
        of = (first, rest, hashes, own, brought)
        with self._lock:
            moment = self._moment
            if moment is None or any(a is not b for a, b in zip(moment.of, of, strict=True)):
                found = self._architectures.told((*first.models, *rest.models), brought)
                models = listed(found, self._shipped)
                names = {place: info.id for place, info in models}
                listing = Listing(found, hashes, names, own)
                hashed = completed(models, listing.hashed)
                models = defined(hashed, found, listing, all_read=rest.whole)
                if models.any:
                    listing = Listing(models.told(found), hashes, names, own)
                told = completed(models.models, listing.hashed, own)
                moment = self._moment = Moment(of, told, listing)
            return moment
