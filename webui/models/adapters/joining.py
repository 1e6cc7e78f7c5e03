"""From the tags of a prompt to adapters that are joined to a model."""

from __future__ import annotations

import difflib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from webui.core.errors import UnknownId, UserError
from webui.library.entries import SHORT_AUTOV3, Entry, Page
from webui.library.hashes import Stamp, stamp
from webui.models.adapters.patches import Joined
from webui.models.adapters.reading import Adapter, read_adapter
from webui.models.family import Model
from webui.models.tensors import read_notes
from webui.prompt.networks import LORA, Network, read_lora

KEPT = 2**30
"""Bytes of adapters that are kept for the next prompt; the last one is kept however large."""

_KIND = "lora"
_SHOWN = 100
_NOTED_HASH = "sshs_model_hash"
"""Kohya's trainer writes the hash (AutoV3) into the file that it makes."""


class Shelf(Protocol):
    """What is needed of the catalog (`webui.library.catalog.Catalog`)."""

    def find(self, kind: str, name: str) -> Entry | None: ...

    def hashed(self, id: str) -> Entry: ...

    def entries(self, kind: str | None = None, *, limit: int | None = 100) -> Page: ...


class Adapters:
    """Those that prompts have asked for, read from their files and kept."""

    def __init__(self, shelf: Shelf) -> None:
        """Read nothing yet."""
        self._shelf = shelf
        self._kept: OrderedDict[Path, tuple[Stamp | None, Adapter]] = OrderedDict()

    def check(self, networks: Sequence[Network]) -> None:
        """Whether all of them are there, before anything is loaded.

        Raises:
            UserError: one is missing, or is none that can be used.
        """
        for network in networks:
            self._entry(network)

    def join(self, model: Model, networks: Sequence[Network], all_fit: bool = True) -> None:
        """Bring a model to where exactly the networks of a prompt are joined to it.

        Args:
            all_fit: those that are made for other models are an error; else they are left out.

        Raises:
            UserError: one is missing, damaged, or made for other models.
        """
        wanted: list[Joined] = []
        for network in networks:
            entry, tag = self._entry(network), read_lora(network)
            adapter = self._read(Path(entry.path), tag.name)
            if self._fits(model, adapter, entry, all_fit):
                wanted.append(Joined(adapter, tag.text, tag.unet, tag.dyn))
        model.adapt(wanted)

    def values(self, model: Model, networks: Sequence[Network]) -> Mapping[str, str]:
        """For a picture's parameters: A1111's `Lora hashes`, and how much of a file did not fit."""
        hashes: dict[str, str] = {}
        left_out: dict[str, str] = {}
        for network in networks:
            entry, name = self._entry(network), read_lora(network).name
            plain = name.replace(":", "").replace(",", "")
            if short := self._short_hash(entry):
                hashes[plain] = short
            adapter = self._read(Path(entry.path), name)
            if unknown := len(model.match(adapter).unknown):
                left_out[plain] = f"{unknown} of {len(adapter.layers)}"
        values = {"Lora hashes": hashes, "Lora layers left out": left_out}
        return {
            key: ", ".join(f"{name}: {value}" for name, value in said.items())
            for key, said in values.items()
            if said
        }

    def _entry(self, network: Network) -> Entry:
        if network.kind not in LORA:
            tag = f"<{network.kind}:{':'.join(network.items)}>"
            raise UserError("networks", "prompt", tag=tag[:_SHOWN])
        name = read_lora(network).name
        entry = self._shelf.find(_KIND, name) if name else None
        if entry is None:
            raise self._unknown(name)
        if entry.problem is not None:
            raise UserError(entry.problem.code, "prompt", **entry.problem.values)
        return entry

    def _unknown(self, name: str) -> UserError:
        entries = self._shelf.entries(_KIND, limit=None).entries
        names = {Path(entry.path).stem.casefold(): Path(entry.path).stem for entry in entries}
        near = difflib.get_close_matches(name.casefold(), names, 1)
        shown = name[:_SHOWN]
        if near:
            return UnknownId("lora_unknown_near", "prompt", name=shown, nearest=names[near[0]])
        return UnknownId("lora_unknown", "prompt", name=shown)

    def _read(self, path: Path, name: str) -> Adapter:
        now = stamp(path)
        known = self._kept.get(path)
        if known is None or known[0] != now:
            self._kept[path] = now, read_adapter(path, name)
        self._kept.move_to_end(path)
        adapter = self._kept[path][1]
        while len(self._kept) > 1 and self._size() > KEPT:
            self._kept.popitem(last=False)
        return adapter

    def _size(self) -> int:
        return sum(adapter.bytes for _, adapter in self._kept.values())

    def _fits(self, model: Model, adapter: Adapter, entry: Entry, must: bool) -> bool:
        match = model.match(adapter)
        if not match.unknown:
            return True
        family, its = entry.family, model.info.family
        other = family and its and family != its
        if must and (other or not match.fitting):
            values = {"name": adapter.name, "model": model.info.id}
            if other:
                families = {"family": family or "", "model_family": its or ""}
                raise UserError("lora_family", "prompt", **values, **families)
            raise UserError("lora_unfit", "prompt", **values)
        return bool(match.fitting) and not other

    def _short_hash(self, entry: Entry) -> str | None:
        path = Path(entry.path)
        try:
            if noted := read_notes(path).get(_NOTED_HASH):
                return noted[:SHORT_AUTOV3]
            hashed = self._shelf.hashed(entry.id)
        except UserError:
            return None  # gone since it was read
        return hashed.autov3 or (hashed.sha256 or "")[:SHORT_AUTOV3] or None
