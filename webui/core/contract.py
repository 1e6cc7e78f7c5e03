"""What the contract asks of one module of an extension, tried on the module itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from webui.core.errors import UserError
from webui.core.extension import Side
from webui.core.heavy import HEAVY
from webui.core.hookspecs import (
    Command,
    GalleryAction,
    Interpolator,
    Panel,
    PictureTool,
    Preprocessor,
    Route,
    Sampler,
    Schedule,
    Tab,
    Upscaler,
)
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.core.settings import Settings

GIVEN: dict[str, type] = {
    "register_tabs": Tab,
    "register_panels": Panel,
    "register_routes": Route,
    "register_gallery_actions": GalleryAction,
    "register_commands": Command,
    "register_samplers": Sampler,
    "register_schedules": Schedule,
    "register_upscalers": Upscaler,
    "register_captioners": PictureTool,
    "register_restorers": PictureTool,
    "register_preprocessors": Preprocessor,
    "register_interpolators": Interpolator,
}
"""Hook -> what it gives a list of."""
_SERVER = ("tabs", "panels", "routes", "gallery_actions", "commands")
_REQUEST = Txt2Img(prompt="a cat")


def findings(folder: Path, side: Side) -> list[tuple[str, str]]:
    """(what, problem) of each thing that was tried; an empty problem: it is well."""
    found: list[tuple[str, str]] = []
    extensions = Extensions.alone(folder, side)
    (info,) = extensions.infos()
    found.append(("loads", info.problem.message if info.problem else ""))
    if info.problem:
        return found
    for what, attempt in _attempts(extensions, side):
        found.append((what, _tried(attempt)))
        (info,) = extensions.infos()
        if info.problem:  # a registration raised: it is broken from now on
            found[-1] = (what, info.problem.message)
            break
    if side == "server":
        loaded = sorted(HEAVY & set(sys.modules))
        found.append(("no library of models", ", ".join(loaded)))
    return found


def _tried(attempt: Callable[[], str]) -> str:
    try:
        return attempt()
    except (UserError, ValidationError) as error:
        return str(error)


def _attempts(extensions: Extensions, side: Side) -> Iterator[tuple[str, Callable[[], str]]]:
    for hook, given in GIVEN.items():
        if (hook.removeprefix("register_") in _SERVER) == (side == "server"):
            yield hook, lambda hook=hook, given=given: _registered(extensions, hook, given)
    if side == "worker":
        yield "register_families", lambda: _families(extensions)
        yield "participate", lambda: _participates(extensions)
        return
    yield "options have defaults", lambda: _options(extensions)
    yield "settings have defaults", lambda: _settings(extensions)
    yield "rewrite_request", lambda: _rewrites(extensions)


def _registered(extensions: Extensions, hook: str, given: type) -> str:
    things = [thing for _, thing in extensions.registered(hook)]
    odd = next((one for one in things if not isinstance(one, given)), None)
    return "" if odd is None else f"it gives {type(odd).__name__}, not {given.__name__}"


def _families(extensions: Extensions) -> str:
    """The manifest tells of those that the module loads, and of no others."""
    loads = {name for name, one in extensions.families().items() if callable(one.inner.load)}
    told = {one.name for _, one in extensions.architectures() if one.kind == "checkpoint"}
    if untold := loads - told:
        return f"the manifest does not tell how files of {min(untold)} are known"
    return f"nothing loads {min(told - loads)}, of which the manifest tells" if told - loads else ""


def _options(extensions: Extensions) -> str:
    return next(filter(None, (_defaults(panel.options) for _, panel in extensions.panels())), "")


def _settings(extensions: Extensions) -> str:
    return next((_defaults(one) for one in extensions.settings_models().values()), "")


def _defaults(model: type[BaseModel]) -> str:
    model.model_json_schema()
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    return f"no default: {', '.join(required)}" if required else ""


def _rewrites(extensions: Extensions) -> str:
    extensions.rewrite(_REQUEST, Settings())
    return ""


def _participates(extensions: Extensions) -> str:
    extensions.participants("check", _REQUEST)
    return ""
