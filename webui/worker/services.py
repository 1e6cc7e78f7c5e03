"""What extensions may ask the worker for in a job."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image
from pydantic import ValidationError

from webui.core.errors import UnknownId, UserError
from webui.core.explain import unfitting
from webui.core.hookspecs import Interpolator, PictureTool, Preprocessor
from webui.core.offers import FLOW, PreprocessorInfo, ToolInfo
from webui.core.participants import ModelFile, Participant, Services
from webui.core.plugins import Extensions
from webui.core.requests import Request, Txt2Img
from webui.core.texts import NO_TEXTS
from webui.library.entries import Entry, Page
from webui.models.whole import WholePipeline
from webui.motion.between import Between

_SHOWN = 60
"""Letters of a name that an error repeats."""


class Shelf(Protocol):
    """What is asked of the catalog of models."""

    def find(self, kind: str, name: str) -> Entry | None: ...

    def entries(self, kind: str | None = None, *, limit: int | None = 100) -> Page: ...


class Keeper:
    """What extensions made and may want again in the next job: the few that were used last."""

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._kept: dict[Hashable, Any] = {}

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What was made for a key, made now if it is not there."""
        made = self._kept.pop(key) if key in self._kept else make()
        self._kept[key] = made
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        return made

    def clear(self) -> None:
        """Give the memory back."""
        self._kept.clear()


def model_file(shelf: Shelf, kind: str, name: str) -> ModelFile:
    """The model of a kind that a name means.

    Raises:
        UserError: there is none, or it cannot be used.
    """
    entry = shelf.find(kind, name)
    if entry is None:
        names = {one.name.casefold(): one.name for one in shelf.entries(kind, limit=None).entries}
        near = difflib.get_close_matches(name.casefold(), names, 1)
        if near:
            raise UnknownId("file_unknown_near", name=name[:_SHOWN], nearest=names[near[0]])
        folder = kind.replace("_", " ")
        raise UnknownId("file_unknown", name=name[:_SHOWN], kind=folder)
    if entry.problem is not None:
        raise UserError(entry.problem.code, None, **entry.problem.values)
    return ModelFile(entry.name, Path(entry.path), entry.format, entry.family, entry.hash)


def preprocessed(
    there: Sequence[Preprocessor],
    name: str,
    picture: Image.Image,
    options: Mapping[str, Any],
    services: Services = Services(),  # noqa: B008  frozen
) -> Image.Image:
    """The map that a preprocessor makes of an RGB picture.

    Raises:
        UserError: there is no such preprocessor, its options do not fit, or it failed.
    """
    found = next((one for one in there if one.name == name), None)
    if found is None:
        raise UserError("unknown_preprocessor", "preprocessor", name=name[:_SHOWN])
    more = (services,) if found.networks else ()
    if found.options is None:
        return found.function(picture, None, *more)
    try:
        values = found.options.model_validate(dict(options))
    except ValidationError as error:
        cause = unfitting(name, "options", error, found.options, NO_TEXTS).cause
        assert cause is not None
        told = UserError("preprocessor_options", "options", name=name, reason=cause.message)
        told.problem = told.problem.model_copy(update={"cause": cause})
        raise told from error
    return found.function(picture, values, *more)


def interpolated(
    extensions: Extensions,
    services: Services,
    name: str,
    first: Image.Image,
    second: Image.Image,
    shares: Sequence[float],
) -> list[Image.Image]:
    """The pictures between two RGB pictures of one size, at these shares of the way.

    Raises:
        UserError: there is no such interpolator, it failed, or what it made are not these pictures.
    """
    if name == FLOW:
        between = Between(np.asarray(first), np.asarray(second))
        return [Image.fromarray(between.at(share)) for share in shares]
    found = next((one for one in extensions.interpolators() if one.name == name), None)
    if found is None:
        raise UserError("unknown_interpolator", "interpolator", name=name[:_SHOWN])
    more = (services,) if found.networks else ()
    made: list[Any] = list(found.function(first, second, tuple(shares), *more))
    fit = [one for one in made if isinstance(one, Image.Image) and one.size == first.size]
    if not len(fit) == len(made) == len(shares):
        raise UserError("interpolator_pictures", "interpolator", name=name)
    return [one.convert("RGB") for one in fit]


def told(tools: Sequence[PictureTool | Interpolator]) -> tuple[ToolInfo, ...]:
    """Tools for the menus."""
    return tuple(ToolInfo(name=tool.name, title=tool.title) for tool in tools)


def told_of(one: Preprocessor) -> PreprocessorInfo:
    """A preprocessor for the menus."""
    options = one.options.model_json_schema() if one.options else {}
    return PreprocessorInfo(name=one.name, title=one.title, options=options)


def model_names(request: Request) -> list[str]:
    """All the models that a request names."""
    parts = [request, *(getattr(request, name, None) for name in ("hires", "refiner", "diffusion"))]
    names = [getattr(part, "model", None) for part in parts]
    return [name for name in names if name]


def begin(participants: Sequence[Participant], numbers: Sequence[int]) -> None:
    """Tell extensions which pictures are drawn now."""
    for participant in sorted(participants, key=lambda one: one.order):
        participant.start(numbers)


def text_only(pipeline: WholePipeline, request: Request) -> Any:
    """A pipeline that draws whole pictures, in the place of a model: text to image tells it.

    Raises:
        UserError: the request is of another kind.
    """
    if not isinstance(request, Txt2Img):
        raise UserError("model_text_only", "model", file=pipeline.info.id)
    return pipeline
