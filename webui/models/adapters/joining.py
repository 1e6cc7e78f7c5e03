"""From the tags of a prompt to adapters that are joined to a model."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from webui.core.errors import UserError
from webui.library.hashes import Stamp, stamp
from webui.models.adapters.patches import Joined
from webui.models.adapters.reading import Adapter, read_adapter
from webui.models.family import Model
from webui.prompt.networks import LORA, Network, read_lora

KEPT = 2**30
"""Bytes of adapters that are kept for the next prompt; the last one is kept however large."""


class Adapters:
    """Those that prompts have asked for, read from their files and kept."""

    def __init__(self, find: Callable[[str], Path]) -> None:
        """Read nothing yet.

        Args:
            find: the file of a name; raises a UserError where there is none.
        """
        self._find = find
        self._kept: OrderedDict[Path, tuple[Stamp | None, Adapter]] = OrderedDict()

    def check(self, networks: Sequence[Network]) -> None:
        """Whether all of them are there, before anything is loaded.

        Raises:
            UserError: one is missing, or is none that can be used.
        """
        for network in networks:
            self._file(network)

    def join(self, model: Model, networks: Sequence[Network], all_fit: bool = True) -> None:
        """Bring a model to where exactly the networks of a prompt are joined to it.

        Args:
            all_fit: those that the model has nothing for are an error; else they are left out.

        Raises:
            UserError: one is missing, damaged, or made for other models.
        """
        wanted = [self._joined(network) for network in networks]
        fitting = [one for one in wanted if self._fits(model, one.adapter, all_fit)]
        model.adapt(fitting)

    def values(self, networks: Sequence[Network]) -> Mapping[str, str]:
        """A1111's `Lora hashes`, for a picture's parameters."""
        return {}

    def _joined(self, network: Network) -> Joined:
        tag = read_lora(network)
        return Joined(self._read(self._file(network), tag.name), tag.text, tag.unet, tag.dyn)

    def _file(self, network: Network) -> Path:
        if network.kind not in LORA:
            tag = f"<{network.kind}:{':'.join(network.items)}>"
            raise UserError("networks", "prompt", tag=tag)
        return self._find(read_lora(network).name)

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

    def _fits(self, model: Model, adapter: Adapter, must: bool) -> bool:
        match = model.match(adapter)
        if must and not match.fitting:
            values = {"name": adapter.name, "model": model.info.id}
            raise UserError("lora_unfit", "prompt", **values)
        if match.fitting and match.unknown:
            words = f"{len(match.unknown)} of {len(adapter.layers)} layers do not fit"
            print(f"{adapter.name}: {words} {model.info.id}", file=sys.stderr)
        return bool(match.fitting)
