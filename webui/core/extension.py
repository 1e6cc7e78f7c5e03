"""One extension: its manifest, its module, and its hooks called so that a failure has a name."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import pluggy
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webui.core.errors import UserError
from webui.core.hookspecs import API_VERSION, PROJECT, ServerHooks, WorkerHooks
from webui.core.offers import Localized

MANIFEST = "extension.toml"
WEB = "web"
"""An extension's folder of files for the browser."""
PAGE_FILE = r"^[a-z0-9_][\w.-]*\.(?:js|css)$"
Side = Literal["server", "worker"]
ExtensionState = Literal["enabled", "disabled", "broken"]


class Manifest(BaseModel):
    """`extension.toml`.

    Attributes:
        name: as its folder; lower case, digits, `_`.
        api: version of the contract it was written for.
        order: lower comes first among extensions.
        server, worker: names of its modules, without `.py`.
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
    page: tuple[Annotated[str, Field(pattern=PAGE_FILE)], ...] = ()


class ExtensionInfo(BaseModel):
    """What is told about an extension."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str = ""
    title: Localized = {}
    description: Localized = {}
    state: ExtensionState
    problem: str | None = None


class ExtensionError(UserError):
    """An extension raised: its job fails with the extension's name, nothing else does."""

    def __init__(self, name: str, hook: str, error: BaseException) -> None:
        if isinstance(error, UserError):  # said on purpose, for the user
            super().__init__("extension_says", name=name, reason=str(error))
        else:
            reason = f"{type(error).__name__}: {error}"[:300]
            super().__init__("extension", name=name, hook=hook, reason=reason)


def read_manifest(folder: Path) -> Manifest:
    """Read and check a folder's manifest.

    Raises:
        UserError: it is missing, not TOML, has wrong fields, or is for another api.
    """
    try:
        values = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest.model_validate(values)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError("manifest", name=folder.name, reason=str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise UserError("manifest", name=folder.name, reason=reason) from error
    for file in manifest.page:
        if not (folder / WEB / file).is_file():
            raise UserError("manifest", name=folder.name, reason=f"page: no file {WEB}/{file}")
    if manifest.name != folder.name:
        raise UserError("manifest_name", name=folder.name, other=manifest.name)
    if manifest.api != API_VERSION:
        raise UserError("manifest_api", name=manifest.name, api=manifest.api, ours=API_VERSION)
    return manifest


class Extension:
    """A loaded extension of one side."""

    def __init__(self, manifest: Manifest, folder: Path, side: Side) -> None:
        self.manifest = manifest
        self._hooks = pluggy.PluginManager(PROJECT)
        self._hooks.add_hookspecs(ServerHooks if side == "server" else WorkerHooks)
        module_name = manifest.server if side == "server" else manifest.worker
        if module_name is not None:
            module = _import(manifest.name, folder, module_name)
            self._hooks.register(module, name=manifest.name)
            self._hooks.check_pending()

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
        return guarded(self.name, hook, implementation.function, **given)


def guarded(name: str, hook: str, function: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
    """Call an extension's code; whatever it raises becomes an ExtensionError with its name."""
    try:
        return function(*args, **named)
    except UserError as error:
        raise ExtensionError(name, hook, error) from error
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        raise ExtensionError(name, hook, error) from error


def _import(name: str, folder: Path, module_name: str) -> ModuleType:
    """Import `<folder>/<module_name>.py` as `easel_extensions.<name>.<module_name>`."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", module_name):
        raise UserError("manifest", name=name, reason=f"no module name: {module_name}")
    package = f"easel_extensions.{name}"
    if package not in sys.modules:
        namespace = ModuleType(package)
        namespace.__path__ = [str(folder)]
        sys.modules[package] = namespace
    full_name = f"{package}.{module_name}"
    spec = importlib.util.spec_from_file_location(full_name, folder / f"{module_name}.py")
    if spec is None or spec.loader is None:
        raise UserError("manifest", name=name, reason=f"no module {module_name}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full_name] = module
    spec.loader.exec_module(module)
    return module
