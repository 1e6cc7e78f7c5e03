"""What extensions do when somebody asks: their addresses, buttons below pictures, commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from webui.core.errors import UnknownId, UserError
from webui.core.guarding import ExtensionError
from webui.core.hookspecs import (
    Answer,
    Command,
    GalleryAction,
    GalleryPicture,
    Route,
    RouteCall,
)
from webui.core.plugins import Extensions
from webui.core.settings import Settings

_SHOWN = 100
_LONGEST = 500
"""Letters of a sentence that is shown."""
_ANY: TypeAdapter[Any] = TypeAdapter(Any)
RUN_BY_BROWSERS = ("html", "xml", "svg", "javascript", "ecmascript")
"""What stands in the media types that a browser could run: no answer of an extension has them."""


@dataclass(frozen=True)
class Asked:
    """What came to an extension's address.

    Attributes:
        name: of the extension.
        path: below its own.
        query: its values.
        guest: whether he comes over a shared link.
    """

    name: str
    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    guest: bool


def answer(extensions: Extensions, settings: Settings, asked: Asked) -> Answer:
    """What an extension's route says.

    Raises:
        UnknownId: no extension that is on has such an address.
        UserError: it is not for guests.
        ExtensionError: the route failed.
    """
    route, gaps = _route(extensions, asked)
    if route.host_only and asked.guest:
        raise UserError("settings_shared")
    own = extensions.settings_of(asked.name, settings)
    values = {**asked.query, **gaps}
    call = RouteCall(values, asked.body, asked.guest, own, extensions.data)
    said = extensions.guard(asked.name, f"{route.method} {route.path}", route.function, call)
    return _answered(asked.name, route.path, said)


def _route(extensions: Extensions, asked: Asked) -> tuple[Route, dict[str, str]]:
    routes: list[tuple[str, Route]] = extensions.registered("register_routes")
    others: list[str] = []
    for name, route in routes:
        found = _pattern(route.path).fullmatch(asked.path) if name == asked.name else None
        if found and route.method == asked.method:
            return route, found.groupdict()
        others += [route.method] if found else []
    path = f"/extensions/{asked.name}/{asked.path}"[:_SHOWN]
    if others:
        raise UserError("no_method", method=asked.method[:20], path=path)
    raise UnknownId("no_address", path=path)


def _pattern(path: str) -> re.Pattern[str]:
    """`tags/{word}` as an expression; a gap takes all but a slash."""
    parts = re.split(r"\{(\w+)\}", path.strip("/"))
    return re.compile(
        "".join(f"(?P<{part}>[^/]+)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
    )


def _answered(name: str, hook: str, said: Any) -> Answer:
    if isinstance(said, Answer):
        if any(mark in said.media_type.lower() for mark in RUN_BY_BROWSERS):
            error = ValueError(f"browsers run {said.media_type}: it is not served")
            raise ExtensionError(name, hook, error)
        return said
    try:
        return Answer(_ANY.dump_json(said), "application/json")
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        raise ExtensionError(name, hook, error) from error


def act(extensions: Extensions, name: str, id: str, picture: GalleryPicture) -> Any:
    """What a button below a picture does: a sentence to show, the values of a request, or None.

    Raises:
        UnknownId: no extension that is on has such a button.
        ExtensionError: it failed, or gave something else.
    """
    actions: list[tuple[str, GalleryAction]] = extensions.registered("register_gallery_actions")
    action = next((one for whose, one in actions if (whose, one.id) == (name, id)), None)
    if action is None:
        raise UnknownId("no_action", name=name[:_SHOWN], action=id[:_SHOWN])
    said = extensions.guard(name, id, action.function, picture)
    if isinstance(said, str):
        return said[:_LONGEST]
    if said is None or isinstance(said, Mapping):
        return said  # pyright: ignore[reportUnknownVariableType]
    raise ExtensionError(name, id, TypeError(f"it returned {type(said).__name__}"))


def commands(extensions: Extensions) -> dict[tuple[str, str], Command]:
    """(extension, name) -> command, of all that are on."""
    found: list[tuple[str, Command]] = extensions.registered("register_commands")
    return {(name, command.name): command for name, command in found}
