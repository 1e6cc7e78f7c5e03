"""One extension: its manifest, its module, and its hooks called so that a failure has a name."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import pluggy
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webui.core.architectures import Architecture
from webui.core.errors import Problem, UserError
from webui.core.guarding import Guard
from webui.core.hookspecs import API_VERSION, PROJECT, ServerHooks, WorkerHooks
from webui.core.lookout import OWN_MODULES
from webui.core.offers import Localized

MANIFEST = "extension.toml"
Permission = Literal["network", "files", "processes", "settings", "requests"]
REQUIREMENT = r"^[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[\w,.-]+\])?\s*(?:[<>=!~]=?[^@/\\;]*)?$"
"""A package by its name and version; no addresses, no options of pip."""
WEB = "web"
"""An extension's folder of files for the browser."""
PAGE_FILE = r"^[a-z0-9_][\w.-]*\.(?:js|css)$"
Side = Literal["server", "worker"]
ExtensionState = Literal["enabled", "disabled", "broken", "quarantined"]


class Manifest(BaseModel):
    """`extension.toml`.

    Attributes:
        name: as its folder; lower case, digits, `_`.
        api: version of the contract it was written for.
        order: lower comes first among extensions.
        server, worker: names of its modules, without `.py`.
        patience: seconds that one call of its code may take without a sign of life, where the usual
            ones do not suffice.
        permissions: what its code does beyond drawing. Told before it is installed, not enforced:
            its code runs with all rights of the program.
        requires: Python packages, as pip is told of them.
        families: architectures whose models it loads, see `webui.core.architectures`.
        page: files of its folder `web` that every page loads: scripts (`.js`) and sheets (`.css`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    version: str
    api: int
    title: Localized = {}
    description: Localized = {}
    order: int = 0
    server: str | None = None
    worker: str | None = None
    permissions: tuple[Permission, ...] = ()
    requires: tuple[Annotated[str, Field(pattern=REQUIREMENT)], ...] = ()
    patience: float | None = Field(default=None, gt=0, le=3600)
    page: tuple[Annotated[str, Field(pattern=PAGE_FILE)], ...] = ()
    families: tuple[Architecture, ...] = ()


class ExtensionInfo(BaseModel):
    """What is told about an extension."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str = ""
    title: Localized = {}
    description: Localized = {}
    state: ExtensionState
    problem: Problem | None = None


def read_manifest(folder: Path, name: str | None = None) -> Manifest:
    """Read and check a folder's manifest.

    Args:
        name: that it has to have; the folder's own if None.

    Raises:
        UserError: it is missing, not TOML, has wrong fields, or is for another api.
    """
    name = name or folder.name
    try:
        values = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest.model_validate(values)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError("manifest", name=name, reason=str(error)) from error
    except ValidationError as error:
        raise _wrong_field(name, error) from error
    for file in manifest.page:
        if not (folder / WEB / file).is_file():
            raise UserError("manifest_file", name=name, file=f"{WEB}/{file}")
    if manifest.name != name:
        raise UserError("manifest_name", name=name, other=manifest.name)
    if manifest.api != API_VERSION:
        raise UserError("manifest_api", name=manifest.name, api=manifest.api, ours=API_VERSION)
    return manifest


def _wrong_field(name: str, error: ValidationError) -> UserError:
    """The first of a manifest's fields that do not do."""
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))[:100]
    if first["type"] in _FIELDS:
        return UserError(_FIELDS[first["type"]], name=name, missing=field)
    reason = first["msg"].removeprefix("Value error, ")
    return UserError("manifest_field", name=name, part=field, reason=reason)


_FIELDS = {"missing": "manifest_lacks", "extra_forbidden": "manifest_strange"}
"""Kind of a mistake in a manifest -> the sentence."""


def lacking_file(web: Path, files: Sequence[str | None]) -> str | None:
    """The first of those files that a panel names that is not there, or may not be served."""
    for file in filter(None, files):
        if not re.fullmatch(PAGE_FILE, file) or not (web / file).is_file():
            return file
    return None


class Extension:
    """A loaded extension of one side."""

    def __init__(
        self, manifest: Manifest, folder: Path, side: Side, guard: Guard | None = None
    ) -> None:
        """Import its module.

        Raises:
            UserError: its hooks are not those of the contract.
            ExtensionError: importing it raised, or took too long.
        """
        self.manifest = manifest
        self._guard = guard or Guard()
        self._hooks = pluggy.PluginManager(PROJECT)
        hooks = ServerHooks if side == "server" else WorkerHooks
        self._hooks.add_hookspecs(hooks)
        module_name = manifest.server if side == "server" else manifest.worker
        if module_name is not None:
            file = f"{module_name}.py"
            if not re.fullmatch(r"[a-z_][a-z0-9_]*", module_name) or not (folder / file).is_file():
                raise UserError("manifest_module", name=manifest.name, file=file)
            module = self._guard(manifest.name, file, _import, manifest.name, folder, module_name)
            check_hooks(manifest.name, module, hooks)
            self._hooks.register(module, name=manifest.name)

    @property
    def name(self) -> str:
        return self.manifest.name

    def call(self, hook: str, **arguments: Any) -> Any:
        """Call one of its hooks with the arguments it names; None where it has no such hook.

        Raises:
            ExtensionError: the hook raised.
        """
        implementations = getattr(self._hooks.hook, hook).get_hookimpls()
        if not implementations:
            return None
        implementation = implementations[0]
        given = {name: arguments[name] for name in implementation.argnames}
        return self._guard(self.name, hook, implementation.function, **given)


def check_hooks(name: str, module: ModuleType, hooks: type) -> None:
    """Whether a module's hooks are those of the contract.

    Raises:
        UserError: one is misspelt or of the other module, or takes what it is not given.
    """
    known = {
        hook: inspect.signature(f) for hook, f in inspect.getmembers(hooks, inspect.isfunction)
    }
    for hook, function in inspect.getmembers(module, inspect.isfunction):
        if not hasattr(function, f"{PROJECT}_impl"):
            continue
        if hook not in known or hook.startswith("_"):
            near = difflib.get_close_matches(hook, known, 1)
            code = "hook_unknown_near" if near else "hook_unknown"
            raise UserError(code, name=name, hook=hook, **({"near": near[0]} if near else {}))
        given = [one for one in known[hook].parameters if one != "self"]
        wrong = [one for one in inspect.signature(function).parameters if one not in given]
        if wrong:
            takes = ", ".join(given) or "–"
            raise UserError("hook_arguments", name=name, hook=hook, wrong=wrong[0], takes=takes)


def _import(name: str, folder: Path, module_name: str) -> ModuleType:
    """Import `<folder>/<module_name>.py` as `easel_extensions.<name>.<module_name>`."""
    package = f"{OWN_MODULES}{name}"
    if package not in sys.modules:
        namespace = ModuleType(package)
        namespace.__path__ = [str(folder)]
        sys.modules[package] = namespace
    full_name = f"{package}.{module_name}"
    spec = importlib.util.spec_from_file_location(full_name, folder / f"{module_name}.py")
    assert spec and spec.loader  # there is such a file
    module = importlib.util.module_from_spec(spec)
    sys.modules[full_name] = module
    spec.loader.exec_module(module)
    return module
