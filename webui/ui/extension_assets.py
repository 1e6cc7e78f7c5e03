"""What extensions add to the page: scripts and sheets of their folder `web`, and their texts.

The address of a file, `/own/extensions/<name>/<fingerprint>/<file>`, changes with what the folder
holds, so browsers may keep it, and an author who edits a file sees it at the next load.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from webui.core.hookspecs import GalleryAction
from webui.core.texts import LANGUAGES, OWN_TEXTS, texts_in
from webui.ui.build import fingerprint

if TYPE_CHECKING:
    from webui.core.plugins import Extensions

ADDRESS = "/own/extensions"
_PATH = re.compile(r"/([a-z][a-z0-9_]*)/([0-9a-f]+)/((?:[\w@+~-][\w.@+~-]*/)*[\w@+~-][\w.@+~-]*)")
TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Files of other kinds are not served. Not asked of the system, see `shell.Assets`."""


class ExtensionAssets:
    """ASGI: the files in `web` of the extensions that are on; nothing of others, nothing else."""

    def __init__(self, extensions: Extensions) -> None:
        self._extensions = extensions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        asked = _PATH.fullmatch(scope["path"].removeprefix(ADDRESS))
        web = self._extensions.web_folders().get(asked[1]) if asked else None
        if asked is None or web is None:
            return PlainTextResponse("", 404)
        file = (web / asked[3]).resolve()
        kind = TYPES.get(file.suffix)
        if kind is None or not file.is_relative_to(web.resolve()) or not file.is_file():
            return PlainTextResponse("", 404)
        fresh = asked[2] == fingerprint(web)
        kept = "private, max-age=31536000, immutable" if fresh else "no-store"
        return FileResponse(file, headers={"cache-control": kept}, media_type=kind)


def web_address(name: str, web: Path, file: str) -> str:
    """Where a browser finds a file of an extension's folder `web`."""
    return f"{ADDRESS}/{name}/{fingerprint(web)}/{file}"


def page_parts(extensions: Extensions) -> dict[str, Any]:
    """What the page loads of extensions that are on, as data: `scripts` and `styles`."""
    parts: dict[str, list[dict[str, str]]] = {"scripts": [], "styles": []}
    for name, web, files in extensions.page_files():
        for file in files:
            kind = "styles" if file.endswith(".css") else "scripts"
            parts[kind].append({"extension": name, "url": web_address(name, web, file)})
    return parts


def actions_of(extensions: Extensions) -> list[dict[str, Any]]:
    """The buttons that extensions add below pictures, as data."""
    found: list[tuple[str, GalleryAction]] = extensions.registered("register_gallery_actions")
    return [{"extension": name, "id": one.id, "title": one.title} for name, one in found]


def texts_of(extensions: Extensions, language: str) -> dict[str, str]:
    """Texts in `locales/<language>.json` of the extensions that are on, in English where one is
    missing; each key below `ext.<extension>.`, so that none hides another's."""
    found: dict[str, str] = {}
    for name, folder in extensions.folders().items():
        for tongue in dict.fromkeys((LANGUAGES[0], language)):
            for key, text in texts_in(folder / OWN_TEXTS, tongue).items():
                found[f"ext.{name}.{key}"] = text
    return found
