"""Civitai: which file of a model's version is meant, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin

from webui.core.errors import UserError
from webui.library.fetching import Wanted
from webui.library.found import Ask, Choice, Found, Item, digest, inside, objects, words
from webui.library.sources import CivitaiModel

_MODELS = ("Model", "Pruned Model", "")
_PRECISIONS: Mapping[str, str] = {"fp16": "fp16", "full": "fp32"}
_KEPT = ("name", "type", "nsfw", "poi", "description", "tags")
_TAME = (None, 0, 1, "None", False)
"""How pictures are marked that anybody may see."""


def find_at_civitai(ask: Ask, base: str, source: CivitaiModel, choice: Choice) -> Found:
    """The file to fetch.

    Args:
        base: the site's address, without a slash at the end.

    Raises:
        UserError: there is no such model, or it has no file that may be taken.
    """
    version, model = _version(ask, f"{base}/api/v1", source)
    file = _file(version, choice)
    name = words(file.get("name")) or f"civitai-{version.get('id')}"
    address = words(file.get("downloadUrl")) or words(version.get("downloadUrl"))
    if not address:
        raise UserError("download_no_weights", "source", name=name[:200])
    hashes = inside(file, "hashes")
    wanted = Wanted(urljoin(f"{base}/", address), name[:200], sha256=digest(hashes.get("SHA256")))
    page = f"{base}/models/{version.get('modelId')}?modelVersionId={version.get('id')}"
    about = {key: value for key, value in model.items() if key in _KEPT or key.startswith("allow")}
    return Found(
        (Item(wanted, name),),
        name,
        card={"source": page},
        civitai={**version, "model": {**inside(version, "model"), **about}},
        preview=_preview(version),
    )


def _version(
    ask: Ask, api: str, source: CivitaiModel
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """A version and its model. What is said of the model is left out where it cannot be had."""
    if source.version is not None:
        version = ask(f"{api}/model-versions/{source.version}")
        number: object = version.get("modelId") or source.model
        model: Mapping[str, Any] = {}
        with suppress(UserError):
            model = ask(f"{api}/models/{number}") if isinstance(number, int) else {}
        return {**version, "modelId": number}, model
    model = ask(f"{api}/models/{source.model}")
    versions = objects(model.get("modelVersions"))
    if not versions:
        raise UserError("download_no_weights", "source", name=words(model.get("name"))[:200])
    return {**versions[0], "modelId": source.model}, model


def _file(version: Mapping[str, Any], choice: Choice) -> Mapping[str, Any]:
    """The site's own choice, unless another suits the user better."""
    files = [one for one in objects(version.get("files")) if words(one.get("type")) in _MODELS]
    if not files:
        files = objects(version.get("files"))
    safe = [one for one in files if words(one.get("name")).endswith((".safetensors", ".gguf"))]
    if not safe and files and not choice.pickles:
        raise UserError("download_pickle", name=words(files[0].get("name"))[:200])
    found = safe or files
    if not found:
        raise UserError("download_no_weights", "source", name=words(version.get("name"))[:200])
    wanted = _PRECISIONS[choice.precision]

    def rank(file: Mapping[str, Any]) -> tuple[bool, bool]:
        precise = inside(file, "metadata").get("fp") == wanted
        primary = file.get("primary") is True
        return (primary, precise) if choice.precision == "fp16" else (precise, primary)

    return max(found, key=rank)


def _preview(version: Mapping[str, Any]) -> str | None:
    """The first picture, of those that anybody may see if there are any."""
    pictures = [one for one in objects(version.get("images")) if one.get("type") in (None, "image")]
    tame = [one for one in pictures if one.get("nsfwLevel", one.get("nsfw")) in _TAME]
    addresses = (words(one.get("url")) for one in (*tame, *pictures))
    return next((one for one in addresses if one), None)
