"""What people call a model on the net: an address, a name on the hub, a number at civitai.

| written | means |
|---|---|
| `owner/name`, `owner/name@revision` | a repository of the hub |
| `owner/name/file.safetensors@revision` | one of its files |
| `https://huggingface.co/owner/name/…` | the same, as the browser shows it |
| `civitai:123`, `civitai:123@456`, `urn:air:…:civitai:123@456` | a model; a version of it |
| `https://civitai.com/models/123?modelVersionId=456` | the same, as the browser shows it |
| `https://…` | any other file |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from webui.core.errors import UserError

_OWNER = r"[\w][\w.-]{0,95}"
_HUB = re.compile(
    rf"(?P<repository>{_OWNER}/{_OWNER})(?P<file>(?:/[^/@]+)+)?(?:@(?P<revision>[\w./-]+))?",
    re.ASCII,
)
_CIVITAI = re.compile(
    r"(?:urn:air:[\w-]+:[\w-]+:)?civitai:(?P<model>\d{1,15})(?:@(?P<version>\d{1,15}))?",
    re.ASCII | re.IGNORECASE,
)
_SECRETS = ("token", "key", "api_key", "apikey", "access_token", "password")


@dataclass(frozen=True)
class HubFile:
    """A repository of the hub, or (`file`) one file of it."""

    repository: str
    file: str | None = None
    revision: str = "main"


@dataclass(frozen=True)
class CivitaiModel:
    """A model, or a version; with only `model` its newest version is meant."""

    model: int | None = None
    version: int | None = None


@dataclass(frozen=True)
class Address:
    """A file anywhere."""

    url: str


Source = HubFile | CivitaiModel | Address


def read_source(text: str, hub: str, civitai: str) -> Source:
    """What a text means.

    Args:
        hub, civitai: their addresses, without a slash at the end.

    Raises:
        UserError: nothing that is known, or there is a password or token in it.
    """
    text = text.strip()
    if match := _CIVITAI.fullmatch(text):
        version = match["version"]
        return CivitaiModel(int(match["model"]), int(version) if version else None)
    if "://" in text:
        return _of_address(text, hub, civitai)
    match = _HUB.fullmatch(text)
    if match is None or text.lower().startswith("www."):
        raise _unknown()
    return _hub(match["repository"], (match["file"] or "").strip("/"), match["revision"])


def safe_path(path: str) -> bool:
    """Whether a path stays below the folder it is put in, on every system."""
    parts = path.split("/")
    return all(part.strip(". ") and not re.search(r'[\x00-\x1f\\:*?"<>|]', part) for part in parts)


def _of_address(text: str, hub: str, civitai: str) -> Source:
    try:
        parts = urlsplit(text)
        _ = parts.port
        query = parse_qs(parts.query)
    except ValueError as error:
        raise _unknown() from error
    if parts.username is not None or any(name.lower() in _SECRETS for name in query):
        raise UserError("download_secret", "source")
    if parts.scheme not in ("https", "http") or not parts.hostname or " " in text:
        raise _unknown()
    path = [unquote(part) for part in parts.path.split("/") if part]
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    if origin in _origins(hub, "https://huggingface.co"):
        return _of_hub(path) or Address(text)
    if origin in _origins(civitai, "https://civitai.com"):
        return _of_civitai(path, query) or Address(text)
    return Address(text)


def _origins(base: str, usual: str) -> set[str]:
    return {base.lower(), usual, usual.replace("://", "://www.")}


def _of_hub(path: list[str]) -> Source | None:
    """`owner/name`, `owner/name/tree/revision`, `owner/name/blob/revision/file`."""
    if len(path) < 2 or path[0] in ("datasets", "spaces", "api", "docs"):
        return None
    repository = "/".join(path[:2])
    if len(path) > 3 and path[2] in ("tree", "blob", "resolve", "raw"):
        file = "" if path[2] == "tree" else "/".join(path[4:])
        return _hub(repository, file, path[3])
    return _hub(repository, "", None) if len(path) == 2 else None


def _of_civitai(path: list[str], query: Mapping[str, list[str]]) -> Source | None:
    """`models/123/name?modelVersionId=456`, `api/download/models/456`."""
    if path[:1] == ["models"] and len(path) > 1 and path[1].isdecimal():
        version = query.get("modelVersionId", [""])[0]
        return CivitaiModel(int(path[1]), int(version) if version.isdecimal() else None)
    if path[:3] == ["api", "download", "models"] and len(path) == 4 and path[3].isdecimal():
        return CivitaiModel(version=int(path[3]))
    return None


def _hub(repository: str, file: str, revision: str | None) -> HubFile:
    names = [*repository.split("/"), revision or "main", *filter(None, file.split("/"))]
    if not all(safe_path(name) for name in names) or ".." in repository:
        raise _unknown()
    return HubFile(repository, file or None, revision or "main")


def _unknown() -> UserError:
    return UserError("download_unknown", "source")
