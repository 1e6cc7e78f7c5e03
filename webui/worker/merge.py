"""How a run is made that writes a model: a merge, or one converted."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch

from webui.core.files import explained, keep_new
from webui.core.merge import Convert, Merge
from webui.library.blocks import read_blocks
from webui.library.entries import Entry
from webui.library.fetching import check_room
from webui.library.kinds import recognised_by_shapes
from webui.library.making import MODELS, VAE, family_of, found_models, result_name
from webui.library.places import CARD
from webui.library.recognition import INDEX
from webui.library.sidecars import read_object
from webui.library.weights import PARTS, SUFFIX
from webui.models.checkpoint import CONFIGS
from webui.models.merging.converting import card_of_folder, in_layout
from webui.models.merging.mixing import Mix, plan_copy, plan_merge
from webui.models.merging.parts import baked, extracted, pruned
from webui.models.merging.recipes import Origin, copy_metadata, merge_metadata
from webui.models.merging.sources import Source, open_source
from webui.models.merging.writing import Planned, write_weights

UNFINISHED = ".merging"
"""End of the names of what is not whole yet."""
FORGOTTEN_SECONDS = 24 * 3600.0
"""After which what a killed worker left goes."""

_PRECISIONS: Mapping[str, torch.dtype] = {
    "fp32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
    "fp8": torch.float8_e4m3fn,
}
_TEXTS = (".json", ".txt", ".model")
"""Endings of files in a folder that describe its parts."""
_OF_A = ("title", "notes", "sha256", "source", "description")
"""Of a card, what is true of that model alone."""


class Shelf(Protocol):
    """What is needed of the catalog (`webui.library.catalog.Catalog`)."""

    def find(self, kind: str, name: str) -> Entry | None: ...

    def hashed(self, id: str, check: Callable[[], None]) -> Entry: ...

    def folder(self, kind: str) -> Path: ...


@dataclass(frozen=True)
class Watch:
    """Who waits for it.

    Attributes:
        check: raises where it is not wanted any more.
        tell: told how many bytes of how many are written.
    """

    check: Callable[[], None]
    tell: Callable[[int, int], None]


def make_model(
    request: Merge | Convert, shelf: Shelf, watch: Watch, configs: Path = CONFIGS
) -> Path:
    """Write the model that is asked for; returns where it lies.

    What is there is never overwritten, and nothing is left of what could not be finished.

    Args:
        configs: folders of configs by family.

    Raises:
        UserError: the models cannot be read or do not fit together, or there is no room.
    """
    found = found_models(shelf, request)
    entries = [found[field] for field in MODELS if field in found]
    sources = [open_source(Path(entry.path)) for entry in entries]
    vae = open_source(Path(found[VAE].path)) if VAE in found else None
    shapes = {weight: one.shape for weight, one in sources[0].weights.items()}
    family = family_of(entries) or recognised_by_shapes(shapes).family
    name = result_name(request, [_stem(source.path, source.folder) for source in sources])
    describe = None
    if isinstance(request, Convert) and request.layout:
        sources[0], describe = in_layout(request.layout, sources[0], entries[0], family, configs)
    like = sources[0]
    describe = describe or partial(_copy_descriptions, like.path)
    weights = _planned(request, family, sources, vae)
    metadata = _metadata(request, name, list(zip(entries, sources, strict=True)), shelf, watch)
    alone = isinstance(request, Convert) and request.extract
    folder = shelf.folder(alone or entries[0].kind) / (request.folder or "")
    like = Source(like.path, {}) if alone else like
    path = _written(folder, name, like, weights, metadata, watch, describe)
    if path.is_file() and not (alone and like.path.is_dir()):
        _copy_words(like.path, path)
    return path


def _planned(
    request: Merge | Convert, family: str | None, sources: Sequence[Source], vae: Source | None
) -> list[Planned]:
    to = _PRECISIONS[request.precision] if request.precision else None
    if isinstance(request, Merge):
        mix = Mix(
            request.method,
            request.multiplier,
            request.multiplier_2,
            read_blocks(request.blocks, family),
            family,
            request.text_encoder,
            request.vae,
        )
        weights: Iterable[Planned] = plan_merge(mix, sources, to)
    else:
        weights = plan_copy(sources[0], to)
        if request.extract:
            weights = extracted(weights, sources[0].path.name)
    if request.prune:
        weights = pruned(weights)
    return (
        list(weights)
        if vae is None
        else list(baked(list(weights), vae, None if to == torch.float8_e4m3fn else to))
    )


def _metadata(
    request: Merge | Convert,
    name: str,
    models: Sequence[tuple[Entry, Source]],
    shelf: Shelf,
    watch: Watch,
) -> dict[str, str]:
    if isinstance(request, Convert):
        entry, source = models[0]
        return copy_metadata(Origin(entry.name, None, source.metadata), name)
    origins: list[Origin] = []
    for entry, source in models:
        hashed = shelf.hashed(entry.id, watch.check)  # reads it whole, the first time
        origins.append(Origin(entry.name, hashed.sha256, source.metadata))
    return merge_metadata(request, name, origins, models[0][0].variant == "inpaint")


def _written(
    folder: Path,
    name: str,
    like: Source,
    weights: Sequence[Planned],
    metadata: Mapping[str, str],
    watch: Watch,
    describe: Callable[[Path], None],
) -> Path:
    total, done = sum(one.bytes for one in weights), 0

    def wrote(count: int) -> None:
        nonlocal done
        done += count
        watch.check()
        watch.tell(done, total)

    watch.tell(0, total)
    with explained(folder, name):
        folder.mkdir(parents=True, exist_ok=True)
        _tidy(folder)
        check_room(folder, total)
        with _unfinished(folder) as part:
            if like.folder:
                _write_folder(part, weights, metadata, wrote)
                describe(part)
                return keep_new(part, folder, name)
            write_weights(part, weights, metadata, wrote)
            return keep_new(part, folder, name + SUFFIX)


def _write_folder(
    folder: Path,
    weights: Sequence[Planned],
    metadata: Mapping[str, str],
    wrote: Callable[[int], None],
) -> None:
    """The weights of a folder of diffusers."""
    for part in sorted({one.name.partition("/")[0] for one in weights}):
        inside = [
            replace(one, name=one.name.partition("/")[2])
            for one in weights
            if one.name.startswith(f"{part}/")
        ]
        (folder / part).mkdir(parents=True)
        write_weights(folder / part / f"{PARTS[part]}{SUFFIX}", inside, metadata, wrote)


def _copy_descriptions(like: Path, folder: Path) -> None:
    for path in sorted(like.rglob("*")):
        kept = path.suffix in _TEXTS and not path.name.endswith(".index.json")
        if kept and path.is_file() and path.name != CARD:
            to = folder / path.relative_to(like)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
    _copy_card(like / CARD, folder / CARD)
    index = read_object(folder / INDEX)
    if index is not None and index.get("safety_checker"):  # nothing here has one
        without = {**index, "safety_checker": [None, None], "requires_safety_checker": False}
        (folder / INDEX).write_text(json.dumps(without, indent=2), encoding="utf-8")
        shutil.rmtree(folder / "safety_checker", ignore_errors=True)


def _copy_words(like: Path, path: Path) -> None:
    """What is said beside a file of how it was trained, and what suits it, holds of the result."""
    if like.is_dir():
        _write_card(card_of_folder(like), path.with_name(f"{path.stem}.{CARD}"))
        return
    _copy_card(like.with_name(f"{like.stem}.{CARD}"), path.with_name(f"{path.stem}.{CARD}"))
    beside = path.with_suffix(".yaml")
    if not beside.exists():
        with suppress(OSError):
            shutil.copyfile(like.with_suffix(".yaml"), beside)


def _copy_card(card: Path, to: Path) -> None:
    _write_card(read_object(card) or {}, to)


def _write_card(said: Mapping[str, Any], to: Path) -> None:
    kept = {name: value for name, value in said.items() if name not in _OF_A}
    if kept and not to.exists():
        with suppress(OSError):
            to.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")


@contextmanager
def _unfinished(folder: Path) -> Generator[Path]:
    """A name beside the result for what is not whole; nothing is left there at the end."""
    part = folder / f".{secrets.token_hex(8)}{UNFINISHED}"
    try:
        yield part
    finally:
        _remove(part)


def _tidy(folder: Path) -> None:
    for path in folder.glob(f".*{UNFINISHED}"):
        with suppress(OSError):
            if time.time() - os.stat(path).st_mtime > FORGOTTEN_SECONDS:
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _stem(path: Path, is_folder: bool) -> str:
    return path.name if is_folder else path.stem
