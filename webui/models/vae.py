"""Autoencoders of their own files, in place of the one that came with a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol
from weakref import ReferenceType, ref

import torch
from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint
from torch import Tensor

from webui.core.errors import UnknownId, UserError
from webui.core.offers import ModelInfo
from webui.library.entries import SHORT_HASH, Entry, Page
from webui.library.hashes import Stamp, stamp
from webui.library.weights import read_header
from webui.models.autoencoder import Autoencoder
from webui.models.autoencoders import NEWER
from webui.models.checkpoint import old_names
from webui.models.devices import autoencoder_dtype, device_name
from webui.models.loading import fill, without_weights
from webui.models.numbers import opened

AUTOMATIC, OWN = "automatic", "none"
"""A1111's words, in small letters: the one that is named like the model; the model's own."""

_KIND = "vae"
_SHOWN = 100
_PREFIX = "first_stage_model."
"""Of an autoencoder in a single file of a whole model."""
_NETWORK = (
    *("encoder.", "decoder.", "quant_conv.", "post_quant_conv."),
    *("conv1.", "conv2.", "bn."),  # of Wan's and of Flux.2's
)
"""Begins of names of what is needed; training leaves others in files."""
_BESIDE = ".vae"


class Shelf(Protocol):
    """What is needed of the catalog (`webui.library.catalog.Catalog`)."""

    def find(self, kind: str, name: str) -> Entry | None: ...

    def hashed(self, id: str) -> Entry: ...

    def entries(self, kind: str | None = None, *, limit: int | None = 100) -> Page: ...


class Owner(Protocol):
    """What is needed of a model (see `webui.models.family.Model`)."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def own_autoencoder(self) -> Autoencoder: ...

    def use_autoencoder(self, autoencoder: Autoencoder) -> None: ...


def read_vae(path: Path, like: Autoencoder, device: torch.device) -> Autoencoder:
    """Read a file in LDM's names or diffusers', in any format.

    Args:
        like: an autoencoder of the same architecture, whose scale holds for this one, too.
        device: that it is to run on, which decides its precision.

    Raises:
        UserError: it cannot be read, or is of another architecture.
    """
    config = like.vae.config
    tensors = {name.removeprefix(_PREFIX): tensor for name, tensor in _tensors(path).items()}
    tensors = {name: one for name, one in tensors.items() if name.startswith(_NETWORK)}
    if not tensors:
        raise UserError("vae_none", "vae", file=path.name)
    with without_weights():
        network: Any = type(like.vae).from_config(config)
    converted = _own_names(tensors, like, network)
    dtype = autoencoder_dtype(device, device_name(device))
    ready = {name: one.to(dtype) for name, one in converted.items() if one is not None}
    fill(network, ready, path.name)
    return type(like)(network)


def _own_names(tensors: Mapping[str, Tensor], like: Autoencoder, network: Any) -> Mapping[str, Any]:
    """The tensors by the network's names."""
    for kind, names in NEWER:
        if isinstance(like, kind):
            return names(dict(tensors), network)
    if any(name.startswith("encoder.down.") for name in tensors):
        return convert_ldm_vae_checkpoint(tensors, network.config)
    return old_names(dict(tensors))


def _tensors(path: Path) -> Mapping[str, Tensor]:
    header = read_header(path, path.name)
    with opened(path, path.name, header) as file:
        return {name: file.tensor(name) for name in _wanted(header.shapes)}


def _wanted(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.removeprefix(_PREFIX).startswith(_NETWORK)]


class Vaes:
    """Those that requests have asked for; the last one is kept."""

    def __init__(self, shelf: Shelf) -> None:
        """Read nothing yet."""
        self._shelf = shelf
        self._kept: tuple[Path, Stamp | None, ReferenceType[Autoencoder], Autoencoder] | None
        self._kept = None  # of the model's own no more than where it is: it may go with its model
        self._used: dict[str, Entry] = {}

    def use(self, model: Owner, wanted: str | None) -> None:
        """Give a model the autoencoder that is wanted.

        Args:
            wanted: a name; "None" for the model's own; "Automatic" or None for the one that is
                called like the model (`NAME.vae.safetensors` beside it, or `NAME` among the
                autoencoders), else its own.

        Raises:
            UserError: there is none of that name, or it cannot be used with the model.
        """
        own: Autoencoder | None = model.own_autoencoder
        entry = self._wanted(model.info, wanted)
        if own is None:  # an extension's, which has only its own
            if entry is not None and wanted is not None and wanted.casefold() != AUTOMATIC:
                raise UserError("vae_own_only", "vae", model=model.info.id)
            return
        self._used.pop(model.info.id, None)
        if entry is None:
            model.use_autoencoder(own)
            return
        if entry.problem is not None:
            raise UserError(entry.problem.code, "vae", **entry.problem.values)
        model.use_autoencoder(self._read(Path(entry.path), own, model.device))
        self._used[model.info.id] = entry

    def values(self, model: ModelInfo) -> dict[str, str]:
        """A1111's `VAE` and `VAE hash`, for a picture's parameters; none of a model's own."""
        entry = self._used.get(model.id)
        if entry is None:
            return {}
        try:
            hash = (self._shelf.hashed(entry.id).sha256 or "")[:SHORT_HASH]
        except UserError:
            hash = ""  # gone since it was read
        return {"VAE": Path(entry.path).name, **({"VAE hash": hash} if hash else {})}

    def _wanted(self, info: ModelInfo, wanted: str | None) -> Entry | None:
        name = (wanted or AUTOMATIC).strip()
        if name.casefold() == OWN:
            return None
        if name.casefold() == AUTOMATIC:
            return self._named_like(Path(info.path))
        entry = self._shelf.find(_KIND, name)
        if entry is None:
            raise UnknownId("unknown_vae", "vae", name=name[:_SHOWN])
        return entry

    def _named_like(self, model: Path) -> Entry | None:
        """The one beside it before others."""
        stem = (model.name if model.is_dir() else model.stem).casefold()
        found = [
            entry
            for entry in self._shelf.entries(_KIND, limit=None).entries
            if Path(entry.path).stem.casefold() in (stem, stem + _BESIDE) and entry.problem is None
        ]
        return min(found, key=lambda one: Path(one.path).parent != model.parent, default=None)

    def _read(self, path: Path, own: Autoencoder, device: torch.device) -> Autoencoder:
        now, kept = stamp(path), self._kept
        if kept is None or kept[:2] != (path, now) or kept[2]() is not own:
            self._kept = None  # room for the next one
            self._kept = kept = path, now, ref(own), read_vae(path, own, device)
        return kept[3]
