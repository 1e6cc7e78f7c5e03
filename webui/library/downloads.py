"""Models brought from the net: found, fetched, checked, and put where they belong."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webui.core.download import Download
from webui.core.errors import UserError
from webui.core.files import keep_new, write_atomically
from webui.core.kinds import MODEL_KINDS, ModelKind
from webui.core.settings import Settings
from webui.imaging.ingest import opened_picture
from webui.library.arrivals import look_for, recognise, shown_name, told_name, without_ending
from webui.library.civitai import find_at_civitai
from webui.library.fetching import Fetch, Fetched, Patience, Tries, Wanted, Watch, check_room
from webui.library.found import Choice, Found, Item
from webui.library.hub import find_on_hub
from webui.library.layouts import FOLDERS, shelves_of
from webui.library.places import CARD, FILES
from webui.library.sidecars import read_object
from webui.library.sources import Address, CivitaiModel, HubFile, read_source
from webui.library.web import Broken, Site, Waits, Web
from webui.prompt.filenames import plain_name

PARTS = ".downloads"
"""Folder among the models of what is not whole yet."""
FORGOTTEN_SECONDS = 7 * 24 * 3600.0
"""After which what is left of a download goes that nobody went on with."""
LARGEST_PREVIEW = 20_000_000


@dataclass(frozen=True)
class Sites:
    """The hub and civitai, or who stands in for them."""

    hub: str = "https://huggingface.co"
    civitai: str = "https://civitai.com"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Sites:
        """As `HF_ENDPOINT` and `CIVITAI_ENDPOINT` say: only who starts the server chooses them."""
        usual = cls()
        return cls(
            (environment.get("HF_ENDPOINT") or usual.hub).rstrip("/"),
            (environment.get("CIVITAI_ENDPOINT") or usual.civitai).rstrip("/"),
        )

    def read(self, source: str) -> Address | CivitaiModel | HubFile:
        """What a source means, see `read_source`."""
        return read_source(source, self.hub, self.civitai)


class Downloads:
    """Does what `Download` requests ask for, one at a time."""

    def __init__(
        self,
        models: Path,
        environment: Mapping[str, str] = os.environ,
        patience: Patience = Patience(),  # noqa: B008  frozen
        waits: Waits = Waits(),  # noqa: B008  frozen
    ) -> None:
        """models: the user's folder of them."""
        self._models = models
        self._environment = environment
        self._sites = Sites.of(environment)
        self._patience = patience
        self._waits = waits

    def run(self, request: Download, watch: Watch, settings: Settings) -> str:
        """Bring it here; returns where it lies.

        Raises:
            UserError: it cannot be had, or is not what it should be.
        """
        if settings.downloads == "off":
            raise UserError("downloads_off")
        self._tidy()
        web = self._web(watch, settings)
        found = self._find(request, web, watch)
        if path := self._there(request, found):
            return str(path)
        if found.folder:
            path = self._bring_folder(request, found, web, watch)
        else:
            path = self._bring_file(request, found, web, watch)
        if found.preview:
            _save_preview(web, found.preview, path)
        return str(path)

    def _web(self, watch: Watch, settings: Settings) -> Web:
        hub = settings.hub_token.get_secret_value() or self._environment.get("HF_TOKEN", "")
        civitai = settings.civitai_token.get_secret_value()
        civitai = civitai or self._environment.get("CIVITAI_TOKEN", "")
        sites = [Site(self._sites.hub, hub.strip()), Site(self._sites.civitai, civitai.strip())]
        return Web(sites, watch.check, self._waits)

    def _find(self, request: Download, web: Web, watch: Watch) -> Found:
        choice = Choice(request.precision, request.allow_pickle)

        def ask(url: str) -> Mapping[str, Any]:
            tries = Tries(self._patience, watch.check, shown_name(url))
            while True:
                try:
                    return web.json(url)
                except Broken as broken:
                    tries.failed(broken)

        match self._sites.read(request.source):
            case HubFile() as source:
                return find_on_hub(ask, self._sites.hub, source, choice)
            case CivitaiModel() as source:
                return find_at_civitai(ask, self._sites.civitai, source, choice)
            case Address(url):
                item = Item(Wanted(url, shown_name(url)), shown_name(url))
                return Found((item,), card={"source": url})

    def _bring_file(self, request: Download, found: Found, web: Web, watch: Watch) -> Path:
        (item,) = found.items
        part = self._parts / f"{_key(item.wanted.url)}.part"
        wanted = _also(item.wanted, request.sha256)
        fetched = self._fetch(Item(wanted, item.path), web, part, watch, request)
        try:
            ending, kind = recognise(part, wanted.name)
        except UserError:
            _drop(part)
            raise
        named = request.file_name or found.name or told_name(fetched.disposition)
        stem = _stem(named or "") or _stem(shown_name(fetched.url)) or "model"
        path = keep_new(part, self._folder(request.to or kind), stem + ending)
        _drop(part)
        _describe(found, path, path.stem, fetched.sha256)
        return path

    def _bring_folder(self, request: Download, found: Found, web: Web, watch: Watch) -> Path:
        key = _key("\n".join(item.wanted.url for item in found.items))
        folder = self._parts / key
        total = sum(item.wanted.size or 0 for item in found.items)
        folder.mkdir(parents=True, exist_ok=True)
        check_room(folder, total - _size_of(folder))
        done = 0
        for item in found.items:
            part = folder / f"{item.path}.part"
            place = folder / item.path
            if not place.exists():
                self._fetch(item, web, part, watch, request, done, total)
                if item.weights:
                    self._look_into(part, item.wanted.name)
                os.replace(part, place)
                _drop(part)
            done += place.stat().st_size
            watch.tell("downloading", done, total)
        name = _stem(request.file_name or found.name or "") or "model"
        path = keep_new(folder, self._folder(request.to or found.kind), name)
        _describe(found, path, path.name, None)
        return path

    def _look_into(self, part: Path, name: str) -> None:
        try:
            recognise(part, name)
        except UserError:
            _drop(part)
            raise

    def _fetch(
        self,
        item: Item,
        web: Web,
        part: Path,
        watch: Watch,
        request: Download,
        before: int = 0,
        total: int | None = None,
    ) -> Fetched:
        look = look_for(request.allow_pickle, item.wanted.name) if item.weights else None
        return Fetch(web, item.wanted, part, watch, self._patience, look, before, total).run()

    def _there(self, request: Download, found: Found) -> Path | None:
        """The very same model, if an earlier download brought it under this name."""
        name = _stem(request.file_name or found.name or "")
        if found.folder:
            mark = {key: found.card.get(key) for key in ("source", "revision", "precision")}
        else:
            mark = {"sha256": request.sha256 or found.items[0].wanted.sha256}
        if not name or None in mark.values():
            return None
        kinds = (request.to,) if request.to else MODEL_KINDS
        for folder in map(self._folder, kinds):
            card = read_object(folder / f"{name}.{CARD}") or {}
            if any(card.get(key) != value for key, value in mark.items()):
                continue
            for ending in ("",) if found.folder else FILES:
                if (path := folder / f"{name}{ending}").exists():
                    return path
        return None

    @property
    def _parts(self) -> Path:
        return self._models / PARTS

    def _folder(self, kind: ModelKind) -> Path:
        """The folder of a kind: the one that is there, whatever it is called, else ours."""
        if kind == "unknown":
            return self._models
        return next(iter(shelves_of([self._models], kind)), self._models / FOLDERS[kind][0])

    def _tidy(self) -> None:
        """Delete what is left of downloads that nobody went on with."""
        with suppress(OSError):
            for path in self._parts.iterdir():
                if time.time() - _newest(path) < FORGOTTEN_SECONDS:
                    continue
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def _stem(name: str) -> str:
    """A name as files have it, without ending; empty if nothing is left of it."""
    return plain_name(without_ending(name))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _also(wanted: Wanted, sha256: str | None) -> Wanted:
    """With the hash that the user knows.

    Raises:
        UserError: the site knows another one.
    """
    if sha256 is None:
        return wanted
    if wanted.sha256 not in (None, sha256):
        told = {"have": str(wanted.sha256), "want": sha256}
        raise UserError("download_hash", "sha256", name=wanted.name, **told)
    return Wanted(wanted.url, wanted.name, wanted.size, sha256)


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_suffix(".json").unlink(missing_ok=True)


def _newest(path: Path) -> float:
    return max(one.stat().st_mtime for one in (path, *path.rglob("*")))


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _describe(found: Found, path: Path, stem: str, sha256: str | None) -> None:
    """Keep the words beside the model. They never fail it, and never replace the user's own."""
    texts = {CARD: {**found.card, **({"sha256": sha256} if sha256 else {})}}
    if found.civitai:
        texts["civitai.info"] = {**found.civitai}
    for ending, values in texts.items():
        beside = path.with_name(f"{stem}.{ending}")
        with suppress(UserError):
            if not beside.exists():
                data = json.dumps(values, ensure_ascii=False, indent=1)
                write_atomically(beside, data.encode(errors="replace"))


def _save_preview(web: Web, url: str, path: Path) -> None:
    """The picture beside a model; without it the model is as good."""
    data = bytearray()
    with suppress(UserError, Broken, OSError), web.get(url) as answer:
        for piece in answer.pieces():
            data += piece
            if len(data) > LARGEST_PREVIEW:
                return
        with opened_picture(bytes(data)) as picture:
            picture.load()
            ending = (picture.format or "").lower()
        beside = path.with_name(f"{path.stem}.preview.{ending}")
        if not beside.exists():
            write_atomically(beside, bytes(data))
