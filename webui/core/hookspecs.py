"""The whole contract with extensions: the hooks, and the values they exchange.

An extension implements what it needs, naming only the arguments it wants. `docs/extensions.md`
documents each hook with exactly these arguments; a test holds that.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pluggy
from PIL import Image
from pydantic import BaseModel

from webui.core.memory import ModelUse
from webui.core.offers import Localized
from webui.core.participants import JobView, Participant
from webui.core.requests import AnyRequest
from webui.core.sampling import SamplerInfo, ScheduleInfo

API_VERSION = 1
PROJECT = "easel"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


def _nothing_more(parser: ArgumentParser) -> None:
    """A command that takes nothing."""


@dataclass(frozen=True)
class Tab:
    """A tab of an extension's own.

    Attributes:
        id: short name, unique among the extension's tabs.
        title: by language.
        build: called inside the tab; makes Gradio components.
    """

    id: str
    title: Localized
    build: Callable[[], None]


@dataclass(frozen=True)
class Panel:
    """A fold-out panel in the tabs that draw; its form follows from the model's fields.

    The values arrive in `request.extensions[<extension>]`, checked by the model. A field's label
    is its `title`; `json_schema_extra={"titles": {"pl": "…"}}` words it in other languages,
    and `"words": {"soft": {"en": "softly", "pl": "…"}}` beside them says what choices are called.

    Attributes:
        title: by language.
        options: pydantic model whose fields all have defaults.
        script: a module in the extension's folder `web` that draws the panel in place of the form:
            it exports `mount`, see docs/extensions.md.
        style: a sheet in that folder, loaded with the script.
    """

    title: Localized
    options: type[BaseModel]
    script: str | None = None
    style: str | None = None


@dataclass(frozen=True)
class Sampler:
    """A sampler: its data for the menus, and `(denoise, x, sigmas, noise, options) -> x`."""

    info: SamplerInfo
    function: Callable[..., Any]


@dataclass(frozen=True)
class PictureTool:
    """Something that takes a picture: `(RGB picture) -> text or picture`, whatever the hook asks.

    Attributes:
        name: short name that requests use.
        title: by language, for the menu.
    """

    name: str
    title: Localized
    function: Callable[[Image.Image], Any]


TOLD = "easel_told"
"""Where in a map's `info` a preprocessor puts what the map's file is to say: name -> text."""


@dataclass(frozen=True)
class Preprocessor:
    """Makes of a picture the map that a ControlNet is shown.

    Attributes:
        name: short name that requests use.
        title: by language, for the menu.
        function: `(RGB picture, options) -> picture`; may be of another size.
        options: pydantic model whose fields all have defaults; None if it has none.
        networks: the function takes the job's `Services` as a third argument, to find models.
    """

    name: str
    title: Localized
    function: Callable[..., Image.Image]
    options: type[BaseModel] | None = None
    networks: bool = False


@dataclass(frozen=True)
class Interpolator:
    """Makes the pictures that lie between two pictures, for films with more pictures a second.

    Attributes:
        name: short name that requests use.
        title: by language, for the menu.
        function: `(first, second, shares) -> pictures`: two RGB pictures of one size, and how far
            each wanted picture is from the first to the second, rising, between 0 and 1; returns a
            picture of that size for each share.
        networks: the function takes the job's `Services` as a fourth argument, to find models.
    """

    name: str
    title: Localized
    function: Callable[..., Sequence[Image.Image]]
    networks: bool = False


@dataclass(frozen=True)
class Schedule:
    """A schedule: its data for the menus, and `(table, n, options) -> sigmas`."""

    info: ScheduleInfo
    function: Callable[..., Any]


@dataclass(frozen=True)
class Upscaler:
    """What enlarges pictures.

    Attributes:
        name: in the menu, and in requests.
        function: `(RGB picture) -> larger RGB picture`; what is missing to the size that is wanted,
            or is too much, Lanczos does.
        scale: how many times larger it makes a picture; None where it is free.
    """

    name: str
    function: Callable[[Image.Image], Image.Image]
    scale: float | None = None


@dataclass(frozen=True)
class RouteCall:
    """What somebody asks of an extension's address.

    Attributes:
        values: of the gaps in the path, and of the query.
        body: of the request, at most 8 MB.
        guest: whether he comes over a shared link.
        settings: the extension's settings, None if it has none.
        data: the folder where the user's files lie.
    """

    values: Mapping[str, str]
    body: bytes
    guest: bool
    settings: BaseModel | None
    data: Path


@dataclass(frozen=True)
class Answer:
    """What an address gives that is not JSON.

    Attributes:
        media_type: of the data; never one that browsers run (`text/html`, `image/svg+xml`).
        status: of HTTP.
    """

    data: bytes
    media_type: str = "application/octet-stream"
    status: int = 200


@dataclass(frozen=True)
class Route:
    """An address of an extension's own, at `/api/v1/extensions/<name>/<path>`.

    Attributes:
        path: below the extension's own; `tags/{word}` has a gap.
        function: `(RouteCall) -> ` an `Answer`, or a value for JSON (a pydantic model, too).
        method: of HTTP.
        host_only: not for guests of a shared link.
    """

    path: str
    function: Callable[[RouteCall], Any]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    host_only: bool = False


@dataclass(frozen=True)
class GalleryPicture:
    """A picture that somebody looks at.

    Attributes:
        ref: how a request names it.
        file: where it lies.
        infotext: its parameters.
    """

    ref: str
    file: Path
    infotext: str


@dataclass(frozen=True)
class GalleryAction:
    """A button below each picture.

    Attributes:
        id: short name, unique among the extension's actions.
        title: by language.
        function: `(GalleryPicture) -> ` a sentence to show, the values of a request to be queued,
            or None.
    """

    id: str
    title: Localized
    function: Callable[[GalleryPicture], str | Mapping[str, Any] | None]


@dataclass(frozen=True)
class Command:
    """A command for the shell: `webui extensions run <extension> <name> …`.

    Attributes:
        help: one line of what it does.
        run: `(arguments) -> exit code`, what was parsed; `arguments.data` is the folder where the
            user's files lie.
        arguments: adds what it takes to its parser.
    """

    name: str
    help: str
    run: Callable[[Namespace], int]
    arguments: Callable[[ArgumentParser], None] = _nothing_more


class SharedHooks:
    """Hooks of both modules, which answer alike: the server tells, the worker acts."""

    @hookspec
    def models_of(self, options: Mapping[str, Any], values: Mapping[str, Any]) -> list[ModelUse]:
        """Model files that a job has on the device beside its model: they count as memory.

        `values` are the request's, perhaps not complete yet, `options` those of them that are the
        extension's own.
        """
        ...


class ServerHooks(SharedHooks):
    """Hooks of an extension's `server` module, which must not import torch."""

    @hookspec
    def register_tabs(self) -> list[Tab]:
        """Tabs to add to the page."""
        ...

    @hookspec
    def register_panels(self) -> list[Panel]:
        """Panels to add to the tabs that draw; one an extension has effect on requests."""
        ...

    @hookspec
    def register_settings(self) -> type[BaseModel]:
        """The extension's settings as a pydantic model whose fields all have defaults."""
        ...

    @hookspec
    def register_routes(self) -> list[Route]:
        """Addresses to add below `/api/v1/extensions/<name>/`."""
        ...

    @hookspec
    def register_gallery_actions(self) -> list[GalleryAction]:
        """Buttons to add below each picture."""
        ...

    @hookspec
    def register_commands(self) -> list[Command]:
        """Commands to add to the shell."""
        ...

    @hookspec
    def rewrite_request(
        self,
        request: AnyRequest,
        options: BaseModel | None,
        settings: BaseModel | None,
        data: Path,
    ) -> AnyRequest | None:
        """Change a request before it is queued (`request.with_(…)`); None leaves it as it is.

        `data` is the folder where the user's files lie.
        """
        ...

    @hookspec
    def serve_references(self, request: AnyRequest) -> bool:
        """Whether this extension puts `request.references` to use when the job is drawn."""
        ...

    @hookspec
    def read_parameters(self, parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
        """The values of its panel that a picture's parameters tell of; None: they tell nothing."""
        ...


class WorkerHooks(SharedHooks):
    """Hooks of an extension's `worker` module."""

    @hookspec
    def register_samplers(self) -> list[Sampler]:
        """Samplers to add."""
        ...

    @hookspec
    def register_schedules(self) -> list[Schedule]:
        """Schedules of noise levels to add."""
        ...

    @hookspec
    def register_families(self) -> list[Any]:
        """Architectures to add: objects with a `name` and `load(info, device, progress)`."""
        ...

    @hookspec
    def register_upscalers(self) -> list[Upscaler]:
        """What enlarges pictures."""
        ...

    @hookspec
    def register_captioners(self) -> list[PictureTool]:
        """What puts a picture into words: functions that return a text for a prompt."""
        ...

    @hookspec
    def register_preprocessors(self) -> list[Preprocessor]:
        """What makes maps for ControlNets of pictures."""
        ...

    @hookspec
    def register_interpolators(self) -> list[Interpolator]:
        """What makes the pictures between two pictures."""
        ...

    @hookspec
    def register_restorers(self) -> list[PictureTool]:
        """What mends faces: functions that return a picture of the same size."""
        ...

    @hookspec
    def participate(self, job: JobView) -> Participant | None:
        """Take part in a job: one object that holds the job's state, or None."""
        ...
