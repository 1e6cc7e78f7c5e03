"""Hugging Face's hub: which files of a repository are the model.

A repository with a `model_index.json` is a folder of diffusers, of which the parts are taken that
it names: of each its configs, and its weights once. One of transformers that sees (depth,
segments) is a folder, too. Any other has one file of weights, or the user says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from webui.core.errors import UserError
from webui.core.kinds import ModelKind
from webui.library.fetching import Wanted
from webui.library.found import Ask, Choice, Found, Item, digest, inside, objects, words
from webui.library.places import PICKLES
from webui.library.recognition import INDEX
from webui.library.sources import HubFile, safe_path

WEIGHTS = (".safetensors", ".gguf", *PICKLES)
MOST_SHOWN = 8
_CONFIGS = (".json", ".txt", ".model", ".jinja")
_SEEING = ("config.json", "preprocessor_config.json")
"""What transformers needs beside the weights of a network that sees."""
_SEEN: Mapping[str, ModelKind] = {
    "ForDepthEstimation": "depth",
    "ForSemanticSegmentation": "annotator",
}
"""How the class of such a network ends -> the kind that it is here."""
_SKIPPED = ("safety_checker",)
"""Parts that Easel does not use; this one is as large as the model."""
_OTHER_PROGRAMS = re.compile(r"(openvino|onnx|flax|tf|rust)_", re.IGNORECASE)
_WEIGHTS = re.compile(
    r"(?P<base>[^.]+?)(?P<shard>-\d{5}-of-\d{5})?(?:\.(?P<variant>[\w-]+?))?"
    r"(?P<late>-\d{5}-of-\d{5})?(?P<format>\.(?:safetensors|bin))"
)
_NAMELESS = re.compile(
    r"(diffusion_pytorch_model|pytorch_lora_weights|pytorch_model|adapter_model|model)(\..*)?"
)


class _File(NamedTuple):
    path: str
    size: int | None
    sha256: str | None


def find_on_hub(ask: Ask, hub: str, source: HubFile, choice: Choice) -> Found:
    """The files to fetch.

    Args:
        hub: its address, without a slash at the end.

    Raises:
        UserError: there is no such repository or file, or it is not clear which is meant.
    """
    revision = quote(source.revision, safe="")
    told = ask(f"{hub}/api/models/{source.repository}/revision/{revision}?blobs=true")
    files = {file.path: file for file in _files(told)}
    commit = words(told.get("sha")) or source.revision
    base = f"{hub}/{source.repository}/resolve/{quote(commit, safe='')}"

    def item(path: str) -> Item:
        file = files[path]
        shown = f"{source.repository}/{path}"
        wanted = Wanted(f"{base}/{quote(path)}", shown, file.size, file.sha256)
        return Item(wanted, path, path.endswith(WEIGHTS))

    card = _card(told, f"{hub}/{source.repository}")
    marks = {"revision": commit, "precision": choice.precision}
    if source.file is None and INDEX in files:
        index = ask(f"{base}/{INDEX}")
        paths = diffusers_files(index, list(files), choice)
        name = source.repository.partition("/")[2]
        return Found(tuple(map(item, paths)), name, folder=True, card={**card, **marks})
    if source.file is None and all(path in files for path in _SEEING):
        kind = _seen(ask(f"{base}/{_SEEING[0]}"))
        top = [path for path in files if "/" not in path]
        if kind and (weights := choose_weights(top, choice)):
            paths = (*_SEEING, *_indexes(top, weights), *weights)
            name = source.repository.partition("/")[2]
            items = tuple(map(item, paths))
            return Found(items, name, folder=True, kind=kind, card={**card, **marks})
    path = source.file or _only_file(source.repository, list(files), choice)
    if path not in files or not path.endswith(WEIGHTS):
        raise UserError("download_no_file", "source", file=path[:200], name=source.repository)
    return Found((item(path),), _name(source.repository, path), card=card)


def _seen(config: Mapping[str, Any]) -> ModelKind | None:
    """What a network of transformers says of a picture; None if it is none that is used here."""
    named: object = config.get("architectures")
    name = str(cast(list[Any], named)[0]) if isinstance(named, list) and named else ""
    return next((kind for ending, kind in _SEEN.items() if name.endswith(ending)), None)


def diffusers_files(
    index: Mapping[str, Any], paths: Sequence[str], choice: Choice
) -> tuple[str, ...]:
    """Those of a folder of diffusers that are needed, the small ones first.

    Args:
        index: its `model_index.json`.

    Raises:
        UserError: a part has weights only as pickles, and they are not wanted.
    """
    parts = [name for name, value in index.items() if _is_part(name, value)]
    configs, weights = [INDEX], list[str]()
    for part in parts:
        names = [path.partition("/")[2] for path in paths if path.startswith(f"{part}/")]
        names = [name for name in names if "/" not in name]
        chosen = choose_weights(names, choice)
        weights += [f"{part}/{name}" for name in chosen]
        kept = [name for name in names if name.endswith(_CONFIGS) and ".index." not in name]
        kept += _indexes(names, chosen)
        configs += [f"{part}/{name}" for name in kept]
    return (*configs, *weights)


def choose_weights(names: Iterable[str], choice: Choice) -> list[str]:
    """Of the files of one part: one precision, safetensors before pickles, whole before pieces.

    Raises:
        UserError: there are only pickles, and they are not wanted.
    """
    groups: dict[tuple[bool, int, bool], list[str]] = {}
    for name in names:
        match = _WEIGHTS.fullmatch(name)
        rank = _rank(match["variant"] or "", choice) if match else None
        if match is None or rank is None or _OTHER_PROGRAMS.match(name):
            continue
        sharded = bool(match["shard"] or match["late"])
        groups.setdefault((match["format"] == ".bin", rank, sharded), []).append(name)
    if not groups:
        return []
    best = min(groups)
    if best[0] and not choice.pickles:
        raise UserError("download_pickle", name=groups[best][0])
    return sorted(groups[best])


def _rank(variant: str, choice: Choice) -> int | None:
    """How well it suits, 0 the best; None for what nobody means, such as `non_ema`."""
    orders = {"fp16": ("fp16", "bf16", "", "fp32"), "full": ("", "fp32", "bf16", "fp16")}
    order = orders[choice.precision]
    return order.index(variant) if variant in order else None


def _indexes(names: Sequence[str], chosen: Sequence[str]) -> list[str]:
    """Files that say which piece holds what, of what was chosen."""
    match = _WEIGHTS.fullmatch(chosen[0]) if chosen else None
    if match is None or not (match["shard"] or match["late"]):
        return []
    found = [name for name in names if f"{match['format']}.index." in name]
    variant = match["variant"]
    return [name for name in found if (f".{variant}." in name if variant else name.count(".") == 3)]


def _is_part(name: str, value: object) -> bool:
    """`"unet": ["diffusers", "UNet2DConditionModel"]`, and nothing that is null."""
    named = isinstance(value, list) and bool(value) and value[0] is not None  # pyright: ignore
    return named and not name.startswith("_") and name not in _SKIPPED and safe_path(name)


def _only_file(repository: str, paths: Sequence[str], choice: Choice) -> str:
    found = [path for path in paths if path.endswith(WEIGHTS)]
    top = [path for path in found if "/" not in path] or found
    for endings in ((".safetensors",), (".gguf",), PICKLES):
        some = [path for path in top if path.endswith(endings)]
        if endings != (".gguf",) and len(some) > 1:
            some = choose_weights(some, choice) if _same_base(some) else some
        if len(some) == 1:
            return some[0]
        if some:
            raise _several(repository, some)
    raise UserError("download_no_weights", "source", name=repository)


def _same_base(names: Sequence[str]) -> bool:
    """Whether they are one file in several precisions."""
    matches = [_WEIGHTS.fullmatch(name) for name in names]
    return len({match["base"] if match else None for match in matches}) == 1


def _several(repository: str, names: Sequence[str]) -> UserError:
    shown = ", ".join(sorted(names)[:MOST_SHOWN]) + (", …" if len(names) > MOST_SHOWN else "")
    example = f"{repository}/{min(names)}"
    return UserError("download_which", "source", name=repository, files=shown, example=example)


def _name(repository: str, path: str) -> str:
    name = path.rpartition("/")[2]
    return repository.partition("/")[2] if _NAMELESS.fullmatch(name) else name


def _files(told: Mapping[str, Any]) -> Iterable[_File]:
    for one in objects(told.get("siblings")):
        path, stored = words(one.get("rfilename")), inside(one, "lfs")
        size: object = stored.get("size", one.get("size"))
        if safe_path(path):
            hashed = digest(stored.get("sha256") or stored.get("oid"))
            yield _File(path, size if isinstance(size, int) else None, hashed)


def _card(told: Mapping[str, Any], page: str) -> Mapping[str, Any]:
    data = inside(told, "cardData")
    licence = words(data.get("license_name")) or words(data.get("license"))
    trigger = words(data.get("instance_prompt"))
    card = {"source": page, "licence": licence, "trigger_words": [trigger] if trigger else []}
    return {name: value for name, value in card.items() if value}
