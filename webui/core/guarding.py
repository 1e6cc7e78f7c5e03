"""Extensions' code called so that whatever it does wrong has the extension's name."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import BaseModel, ValidationError

from webui.core.errors import Problem, UserError
from webui.core.explain import own_words, unfitting
from webui.core.heavy import HeavyImport
from webui.core.isolation import Direct, Isolation, TooSlow
from webui.core.lookout import OWN_MODULES, Overdue
from webui.core.participants import Call, Cond, JobView, Participant, Step
from webui.core.requests import AnyRequest, Request
from webui.core.texts import NO_TEXTS, Texts, own_texts


class ExtensionError(UserError):
    """An extension raised: its job fails with the extension's name, nothing else does."""

    def __init__(self, name: str, hook: str, error: BaseException, texts: Texts = NO_TEXTS) -> None:
        """texts: the extension's own, in which a `UserError` may be worded."""
        if isinstance(error, UserError):  # said on purpose, for the user
            place = error.problem.field or ""
            own = place if place.startswith(f"extensions.{name}.") else None
            said = own_words(error.problem, texts)
            super().__init__("extension_says", own, name=name, reason=said.message)
            self.problem = self.problem.model_copy(update={"cause": said})
        elif isinstance(error, TooSlow):
            seconds = round(error.seconds, 1)
            whole = int(seconds) if seconds == int(seconds) else seconds
            super().__init__("extension_slow", name=name, hook=hook, seconds=whole)
        elif isinstance(error, HeavyImport):
            super().__init__("extension_heavy", name=name, hook=hook, library=error.name or "?")
        else:
            reason = f"{type(error).__name__}: {error}"[:300]
            super().__init__("extension", name=name, hook=hook, reason=reason)


def blamed(error: BaseException) -> UserError | None:
    """A failure in the code of an extension that was called by nobody's guard, as what it put into
    a network, or its model; None where the failure is ours."""
    found: tuple[str, str] | None = None
    trace = error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.startswith(OWN_MODULES):
            found = module.split(".")[1], trace.tb_frame.f_code.co_name
        trace = trace.tb_next
    return ExtensionError(*found, error) if found else None


def overdue(late: Overdue) -> UserError:
    """The same for one that did not answer."""
    return ExtensionError(late.name, late.hook, TooSlow(late.seconds))


def nobody(name: str, problem: Problem) -> None:
    """Nobody keeps count."""


def _usual(name: str) -> None:
    """No time of its own."""


def _nowhere(name: str) -> Path | None:
    """No folder of its own."""


@dataclass(frozen=True)
class Guard:
    """Calls extensions' code: `guard(extension, hook, function, …)`.

    Attributes:
        isolation: how.
        failed: told (extension, problem) of each failure that is not said on purpose.
        seconds: that an extension asks for; None: what is usual.
        place: the folder of an extension.
    """

    isolation: Isolation = field(default_factory=Direct)
    failed: Callable[[str, Problem], None] = nobody
    seconds: Callable[[str], float | None] = _usual
    place: Callable[[str], Path | None] = _nowhere

    def __call__(
        self, name: str, hook: str, function: Callable[..., Any], /, *args: Any, **named: Any
    ) -> Any:
        """What the function returns.

        Raises:
            ExtensionError: it raised, or took too long.
        """
        work = partial(function, *args, **named)
        try:
            return self.isolation.call(name, hook, self.seconds(name), work)
        except UserError as error:
            if isinstance(error, ExtensionError) and error.problem.values.get("name") == name:
                raise  # one of its hooks called another: its name is said
            raise ExtensionError(name, hook, error, own_texts(self.place(name))) from error
        except (Exception, SystemExit) as error:
            traceback.print_exc(limit=-20, file=sys.stderr)
            failure = ExtensionError(name, hook, error)
            self.failed(name, failure.problem)
            raise failure from error

    def misfit(
        self, name: str, model: type[BaseModel], values: Mapping[str, Any]
    ) -> Problem | None:
        """What is wrong with a client's values for an extension's model; None where they fit.

        Raises:
            ExtensionError: the model's own checks failed otherwise, or took too long.
        """
        wrong = self(name, "options", _mistakes, model, values)
        if wrong is None:
            return None
        return unfitting(name, f"extensions.{name}", wrong, model, own_texts(self.place(name)))


def _mistakes(model: type[BaseModel], values: Mapping[str, Any]) -> ValidationError | None:
    """What is wrong with values for an extension's model; None where they fit."""
    try:
        model.model_validate(values)
    except ValidationError as error:
        return error
    return None


def pictured(function: Callable[[Image.Image], object], picture: Image.Image) -> Image.Image:
    """What a function makes of a picture, which is to be one.

    Raises:
        TypeError: it is none.
    """
    made = function(picture)
    if not isinstance(made, Image.Image):
        raise TypeError(f"it returned {type(made).__name__}, not a picture")
    return made


def checked(name: str, changed: object) -> AnyRequest:
    """A request that an extension gave back.

    Raises:
        ExtensionError: it is none.
    """
    if isinstance(changed, Request):
        return changed  # pyright: ignore[reportReturnType]  of a kind in the union
    error = TypeError(f"it returned {type(changed).__name__}, not a request")
    raise ExtensionError(name, "rewrite_request", error)


def parsed(model: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    """Values as an extension's model.

    Raises:
        UserError: they do not fit.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise UserError("unexpected", reason=str(error.errors()[0]["msg"])) from error


@dataclass(frozen=True)
class WatchedFamily:
    """An architecture of an extension, loaded so that a failure has the extension's name."""

    extension: str
    inner: Any
    guard: Guard

    @property
    def name(self) -> str:
        return self.inner.name

    def load(self, info: Any, device: Any, progress: Callable[[int, int], None]) -> Any:
        """See `webui.models.family.Family`."""
        return self.guard(self.extension, "load", self.inner.load, info, device, progress)


class Watched(Participant):
    """A participant of an extension, called so that a failure has the extension's name."""

    def __init__(self, name: str, inner: Participant, guard: Guard) -> None:
        if not isinstance(inner, Participant):  # pyright: ignore[reportUnnecessaryIsInstance]
            wrong = TypeError(f"it returned {type(inner).__name__}, not a Participant")
            raise ExtensionError(name, "participate", wrong)
        self.name = name
        self.inner = inner
        self.order = inner.order
        self._guard = guard

    def start(self, numbers: Sequence[int]) -> None:
        self._guard(self.name, "start", self.inner.start, numbers)

    def frame(self, job: JobView, before: JobView) -> bool:
        return bool(self._guard(self.name, "frame", self.inner.frame, job, before))

    def conditioning(self, conds: list[Cond]) -> list[Cond]:
        return self._guard(self.name, "conditioning", self.inner.conditioning, conds)

    def patched(self, model: Any) -> AbstractContextManager[None]:
        return self._patched(model)

    @contextmanager
    def _patched(self, model: Any) -> Generator[None]:
        context = self._guard(self.name, "patched", self.inner.patched, model)
        self._guard(self.name, "patched", context.__enter__)
        try:
            yield
        except BaseException as error:
            self._guard(self.name, "patched", context.__exit__, type(error), error, None)
            raise
        self._guard(self.name, "patched", context.__exit__, None, None, None)

    def before(self, step: Step) -> None:
        self._guard(self.name, "before", self.inner.before, step)

    def call(self, call: Call) -> None:
        self._guard(self.name, "call", self.inner.call, call)

    def after(self, step: Step) -> None:
        self._guard(self.name, "after", self.inner.after, step)

    def latents(self, latents: Any) -> Any:
        return self._guard(self.name, "latents", self.inner.latents, latents)

    def parameters(self) -> Mapping[str, str]:
        return self._guard(self.name, "parameters", self.inner.parameters)

    def image(self, image: Image.Image) -> Image.Image:
        return self._guard(self.name, "image", pictured, self.inner.image, image)
