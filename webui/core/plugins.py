"""All extensions of one side: found in folders, loaded one by one, none able to hurt another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel

from webui.core.architectures import Brought
from webui.core.errors import Problem, UserError
from webui.core.extension import (
    WEB,
    Extension,
    ExtensionInfo,
    ExtensionState,
    Manifest,
    Side,
    lacking_file,
    read_manifest,
)
from webui.core.finding import found_folders
from webui.core.flood import watch_streams
from webui.core.guarding import Guard, Watched, WatchedFamily, checked, parsed, pictured
from webui.core.heavy import refuse_heavy
from webui.core.hookspecs import (
    Interpolator,
    Panel,
    PictureTool,
    Preprocessor,
    Sampler,
    Schedule,
    Tab,
    Upscaler,
)
from webui.core.isolation import Direct, Isolation, Threads, Watchdog
from webui.core.memory import ModelUse
from webui.core.option_texts import understood
from webui.core.participants import JobView, Participant, Services
from webui.core.quarantine import Quarantine
from webui.core.requests import AnyRequest, Request
from webui.core.scheduled import at_first
from webui.core.settings import Settings


class Extensions:
    """The extensions of a side; `problems` tells what is wrong with those that are broken there."""

    def __init__(
        self,
        folders: Sequence[Path],
        side: Side,
        disabled: Collection[str] = (),
        data: Path | None = None,
        isolation: Isolation | None = None,
        quarantine: Quarantine | None = None,
        safe: bool = False,
        only: Path | None = None,
    ) -> None:
        """Find them all, and load those that are on.

        Args:
            data: where the user's files lie.
            isolation: how their code is called; what is usual on this side if None.
            quarantine: who is left out, and who keeps count.
            safe: load none.
            only: the folder of the one there is to be.
        """
        self._side: Side = side
        self._data = data or Path()
        self._safe = safe
        self._quarantine = quarantine or Quarantine()
        usual = Threads() if side == "server" else Watchdog()
        self._guard = Guard(isolation or usual, seconds=self.patience, place=self.place)
        watch_streams()
        if side == "server":
            refuse_heavy()
            self._guard = replace(self._guard, failed=self._quarantine.failed)  # for both
        self._found: dict[str, tuple[Path, Manifest | None]] = {}
        self._loaded: dict[str, Extension] = {}
        self.problems: dict[str, Problem] = {}
        self._beside: Mapping[str, Problem] = {}
        self._disabled: frozenset[str] = frozenset()
        self._ask: Callable[[Extension, str], Any] = Extension.call
        for name, folder in [(only.name, only)] if only else found_folders(folders):
            self._find(name, folder)
        self.switch(disabled)

    @property
    def guard(self) -> Guard:
        """Calls their code."""
        return self._guard

    @property
    def data(self) -> Path:
        """The folder where the user's files lie."""
        return self._data

    @classmethod
    def alone(cls, folder: Path, side: Side) -> Self:
        """One extension by itself: for its tests."""
        return cls((), side, isolation=Threads() if side == "server" else Direct(), only=folder)

    def place(self, name: str) -> Path | None:
        """Its folder, whatever its state; None where there is none of that name."""
        return self._found.get(name, (None, None))[0]

    def steady(self) -> Self:
        """The same, each asked only once what it registers: for many requests at a time."""
        same = copy(self)
        same._ask = cache(Extension.call)
        return same

    def switch(self, disabled: Collection[str]) -> None:
        """Say which are off. One that is switched on for the first time is loaded now."""
        self._disabled = frozenset(disabled)
        off = self._disabled | self._quarantine.reasons().keys()
        for name in sorted(self._found.keys() - off - self._loaded.keys()):
            if not self._safe:
                self._load(name)

    def off(self) -> frozenset[str]:
        """Those that the worker is to leave out, too: switched off, or in quarantine."""
        every = self._found if self._safe else ()
        return self._disabled.union(self._quarantine.reasons(), every)

    def release(self, name: str) -> None:
        """Take it out of quarantine."""
        self._quarantine.release(name)
        self.switch(self._disabled)

    def blame(self, name: str, problem: Problem) -> None:
        """It failed in a job."""
        if name in self._found:
            self._quarantine.failed(name, problem)

    def praise(self, request: Request) -> None:
        """A job is done: whoever took part in it did not fail."""
        if not self._quarantine.counting():
            return
        always = {one.name for one in self._active()} - dict(self.panels()).keys()
        self._quarantine.worked({*request.extensions, *always})

    def learn(self, problems: Mapping[str, Problem]) -> None:
        """Which ones are broken on the other side: they take no part here, either."""
        self._beside = problems

    def infos(self) -> tuple[ExtensionInfo, ...]:
        """All that were found, broken ones with the reason."""
        return tuple(self._info(name) for name in sorted(self._found))

    def folders(self) -> dict[str, Path]:
        """Extension -> its folder, of all that are on, in their order."""
        return {one.name: self._found[one.name][0] for one in self._active()}

    def web_folders(self) -> dict[str, Path]:
        """Extension -> its folder of files for the browser, of all that are on and have one."""
        return {name: web for name, at in self.folders().items() if (web := at / WEB).is_dir()}

    def page_files(self) -> list[tuple[str, Path, tuple[str, ...]]]:
        """(extension, its folder `web`, the files there that every page loads)."""
        webs = self.web_folders()
        return [
            (one.name, webs[one.name], one.manifest.page)
            for one in self._active()
            if one.manifest.page and one.name in webs
        ]

    def tabs(self) -> list[tuple[str, Tab]]:
        """(extension, tab) of all that are on."""
        return self.registered("register_tabs")

    def panels(self) -> list[tuple[str, Panel]]:
        """(extension, panel) of all that are on."""
        found: list[tuple[str, Panel]] = self.registered("register_panels")
        return [(name, panel) for name, panel in found if self._has_files(name, panel)]

    def samplers(self) -> list[tuple[str, Sampler]]:
        """(extension, sampler) of all that are on."""
        return self.registered("register_samplers")

    def picture_tools(self, hook: Literal["captioners", "restorers"]) -> list[PictureTool]:
        """What extensions that are on do with pictures; a failure has the extension's name."""
        return self._guarded(f"register_{hook}")

    def schedules(self) -> list[tuple[str, Schedule]]:
        """(extension, schedule) of all that are on; a failure has the extension's name."""
        found: list[tuple[str, Schedule]] = self.registered("register_schedules")
        return [(name, self._named(name, one.info.name, one)) for name, one in found]

    def families(self) -> dict[str, WatchedFamily]:
        """What loads architectures, by their names; a failure has the extension's name."""
        found = [WatchedFamily(*one, self._guard) for one in self.registered("register_families")]
        return {family.name: family for family in reversed(found)}

    def architectures(self) -> Brought:
        """What the manifests of those that are on say of architectures."""
        return tuple((one.name, told) for one in self._active() for told in one.manifest.families)

    def upscalers(self) -> list[tuple[str, Upscaler]]:
        """(extension, upscaler) of all that are on; a failure has the extension's name."""
        found: list[tuple[str, Upscaler]] = self.registered("register_upscalers")
        sure = [(name, replace(x, function=partial(pictured, x.function))) for name, x in found]
        return [(name, self._named(name, one.name, one)) for name, one in sure]

    def settings_of(self, name: str, settings: Settings) -> BaseModel | None:
        """An extension's own settings; None if it has none."""
        model = self.settings_models().get(name)
        return model and parsed(model, settings.extensions.get(name, {}))

    def settings_models(self) -> dict[str, type[BaseModel]]:
        """Extension -> its settings as a model."""
        models = {one.name: self._asked(one, "register_settings") for one in self._active()}
        return {name: model for name, model in models.items() if model is not None}

    def problems_with(self, values: Mapping[str, Mapping[str, Any]]) -> list[Problem]:
        """What is wrong with a request's values for extensions.

        Raises:
            ExtensionError: one of them raised anything but what is wrong.
        """
        panels = dict(self.panels())
        problems: list[Problem] = []
        for name, given in values.items():
            nobody = UserError("no_extension", f"extensions.{name}", name=name).problem
            panel, lacking = panels.get(name), self._beside.get(name, nobody)
            if found := self._guard.misfit(name, panel.options, given) if panel else lacking:
                problems.append(found)
        return problems

    def rewrite(self, request: AnyRequest, settings: Settings) -> AnyRequest:
        """Let every extension change a request.

        Raises:
            ExtensionError: one of them raised.
        """
        panels = dict(self.panels())
        models = self.settings_models()
        for one in self._active():
            panel, model = panels.get(one.name), models.get(one.name)
            values = request.extensions.get(one.name, {})
            changed = one.call(
                "rewrite_request",
                request=request,
                options=panel and parsed(panel.options, at_first(values)),
                settings=model and parsed(model, settings.extensions.get(one.name, {})),
                data=self._data,
            )
            request = checked(one.name, changed) if changed is not None else request
        return request

    def serve_references(self, request: AnyRequest) -> bool:
        """Whether any extension puts the pictures that a prompt names to use.

        Raises:
            ExtensionError: one of them raised.
        """
        return any(one.call("serve_references", request=request) for one in self._active())

    def read_parameters(self, parameters: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Extension -> the values of its panel that a picture's parameters tell of."""
        told: dict[str, Mapping[str, Any] | None] = {}
        for one in self._active():
            with suppress(UserError):  # the picture's other settings are not its to lose
                told[one.name] = one.call("read_parameters", parameters=parameters)
        for name, panel in self.panels():
            if told.get(name) is None:
                told[name] = understood(name, panel.options, parameters)
        return {name: dict(values) for name, values in told.items() if values is not None}

    def models_of(
        self, values: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]
    ) -> list[ModelUse]:
        """Model files that a request will have on the device beside its model.

        Args:
            values: of the request, perhaps not complete yet.
            options: what each extension is told in it.

        Raises:
            ExtensionError: one of them raised.
        """
        found: list[ModelUse] = []
        for one in self._active():
            told = options.get(one.name, {})
            found += one.call("models_of", options=told, values=values) or []
        return found

    def preprocessors(self) -> list[Preprocessor]:
        """What extensions that are on make maps with; a failure has the extension's name."""
        return self._guarded("register_preprocessors")

    def interpolators(self) -> list[Interpolator]:
        """What extensions that are on make pictures between two with; failures have their name."""
        return self._guarded("register_interpolators")

    def participants(
        self,
        job: str,
        request: AnyRequest,
        services: Services = Services(),  # noqa: B008  frozen
        which: Callable[[str], bool] = lambda name: True,
    ) -> list[Participant]:
        """Who takes part in a job; each is watched, so that a failure has its name.

        Args:
            which: whether an extension is asked, by its name.

        Raises:
            ExtensionError: one of them raised.
        """
        watched: list[Participant] = []
        for one in self._active():
            if which(one.name):
                view = JobView(job, request, request.extensions.get(one.name, {}), services)
                if found := one.call("participate", job=view):
                    watched.append(Watched(one.name, found, self._guard))
        return watched

    def patience(self, name: str) -> float | None:
        """Seconds that one asks for in its manifest."""
        _, manifest = self._found.get(name, (None, None))
        return manifest.patience if manifest else None

    def _named(self, name: str, hook: str, one: Any) -> Any:
        return replace(one, function=partial(self._guard, name, hook, one.function))

    def _guarded(self, hook: str) -> list[Any]:
        return [self._named(name, one.name, one) for name, one in self.registered(hook)]

    def _active(self) -> list[Extension]:
        off = self._disabled | self._quarantine.reasons().keys() | self._beside.keys()
        active = [one for name, one in self._loaded.items() if name not in off]
        return sorted(active, key=lambda one: (one.manifest.order, one.name))

    def registered(self, hook: str) -> list[tuple[str, Any]]:
        """(extension, thing) for each thing that a hook of those that are on gives."""
        collected: list[tuple[str, Any]] = []
        for one in self._active():
            registered: list[Any] = self._asked(one, hook) or []
            collected += [(one.name, item) for item in registered]
        return collected

    def _has_files(self, name: str, panel: Panel) -> bool:
        """Whether the files that a panel names are there; else the extension is broken."""
        file = lacking_file(self._found[name][0] / WEB, (panel.script, panel.style))
        if file is not None:
            self._break(name, UserError("panel_file", name=name, file=file))
        return file is None

    def _break(self, name: str, error: UserError) -> None:
        self.problems[name] = error.problem
        self._loaded.pop(name, None)

    def _asked(self, one: Extension, hook: str) -> Any:
        """Ask for a registration; an extension that raises here is broken from now on."""
        try:
            return self._ask(one, hook)
        except UserError as error:
            self._break(one.name, error)

    def _find(self, name: str, folder: Path) -> None:
        if name in self._found:
            self.problems[name] = UserError("extension_twice", name=name).problem
            return
        try:
            self._found[name] = (folder, read_manifest(folder, name))
        except UserError as error:
            self._found[name] = (folder, None)
            self.problems[name] = error.problem

    def _load(self, name: str) -> None:
        folder, manifest = self._found[name]
        if manifest is None or name in self.problems:
            return
        try:
            self._loaded[name] = Extension(manifest, folder, self._side, self._guard)
        except UserError as error:
            self.problems[name] = error.problem

    def _info(self, name: str) -> ExtensionInfo:
        _, manifest = self._found[name]
        problem = self.problems.get(name) or self._beside.get(name)
        state: ExtensionState = "broken" if problem else "enabled"
        if self._safe:
            state, problem = "disabled", UserError("extension_safe", name=name).problem
        elif name in self._disabled:
            state = "disabled"
        elif reason := self._quarantine.reasons().get(name):
            state, problem = "quarantined", reason
        told = manifest.model_dump(include={"version", "title", "description"}) if manifest else {}
        return ExtensionInfo(name=name, state=state, problem=problem, **told)
