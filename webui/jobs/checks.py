"""From anything that a client sends to a complete request, or to one sentence for each mistake."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError

from webui.core.animation import Animation
from webui.core.errors import Problem, UserError
from webui.core.explain import clipped, explain, nearest, problem
from webui.core.film import Interpolate
from webui.core.offers import ModelInfo, Offers
from webui.core.plugins import Extensions
from webui.core.requests import (
    KINDS,
    AnyRequest,
    Convert,
    Download,
    Drawing,
    Merge,
    Outpaint,
    Request,
    Upscale,
)
from webui.core.settings import Settings
from webui.jobs.animating import planned
from webui.jobs.continuing import Find, continued, nothing_found
from webui.jobs.deforum_units import Around, with_units
from webui.jobs.enlarging import with_frames, with_pictures_between
from webui.jobs.extending import with_markers
from webui.jobs.filling import drawn_seeds, sized, suits
from webui.jobs.given import Pictures
from webui.jobs.naming import canonical_names
from webui.jobs.prompting import missing_models
from webui.jobs.referring import refer
from webui.library.catalog import Catalog
from webui.library.downloads import Sites
from webui.library.known import from_known
from webui.library.making import found_models

DEFAULT_KIND = "txt2img"


class Refused(UserError):
    """A request (or a change of settings) that does not fit: one problem or more."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        Exception.__init__(self, " ".join(one.message for one in problems))
        self.problems = tuple(problems)
        self.problem = self.problems[0]


def accept(
    values: object,
    offers: Offers,
    catalog: Catalog,
    settings: Settings,
    extensions: Extensions,
    pictures: Pictures,
    find: Find = nothing_found,
) -> AnyRequest:
    """The request with nothing left open: model, what suits it, sizes, seeds, stored pictures.

    Args:
        find: looks up another job that the request is about.

    Raises:
        Refused: something does not fit, whatever JSON it was.
    """
    if not isinstance(values, Mapping):
        raise Refused([problem("not_a_request")])
    asked = {str(name): value for name, value in cast(Mapping[Any, Any], values).items()}
    kind = _kind(asked.get("kind"))
    problems: list[Problem] = []
    model = _model(asked.get("model"), catalog, problems) if issubclass(kind, Drawing) else None
    given = {name: value for name, value in asked.items() if value is not None}
    given = from_known(given) if kind is Download else given
    given = _continued(given, find)
    given = {**suits(kind, given.get("intent"), model, settings), **given}
    if problems:
        given.pop("model", None)  # one sentence about it is enough
    given = canonical_names(given, offers, catalog, problems)
    try:
        request = kind.model_validate(given)
    except ValidationError as error:
        raise Refused([*problems, *explain(error, kind)]) from error
    if isinstance(request, Animation):
        around = Around(
            catalog, dict(extensions.panels()), [one.name for one in offers.preprocessors]
        )
        request = with_markers(with_units(request, around)[0], extensions)
    problems += [*_in_extensions(request, extensions), *_in_amounts(request)]
    problems += _in_downloads(request, settings)
    problems += pictures.problems_with(request)
    problems += [] if problems else _in_models(request, catalog)
    if isinstance(request, Animation) and not problems:
        heard = pictures.listened(request)
        request, problems = planned(heard, catalog, settings, pictures.frames, find, extensions)
    if isinstance(request, Upscale) and not problems:
        request, problems = with_frames(request, find)
    if isinstance(request, Interpolate) and not problems:
        request, problems = with_pictures_between(request, find)
    if problems or (model is None and isinstance(request, Drawing)):
        raise Refused(problems)
    return _completed(request, model, pictures, extensions)


def _completed(
    request: Request, model: ModelInfo | None, pictures: Pictures, extensions: Extensions
) -> AnyRequest:
    """What is known only when all else fits.

    Raises:
        Refused: the sizes or references that come of it do not fit.
    """
    request = pictures.stored_in(request)
    try:
        request = refer(request, model, extensions.serve_references)
        changes = sized(request, model, pictures)
        named = {"model": model.id} if model else {}
        return request.with_(**named, **changes, **drawn_seeds(request))  # pyright: ignore
    except UserError as error:
        raise Refused([error.problem]) from error
    except ValidationError as error:
        raise Refused(explain(error, type(request))) from error


def _continued(given: dict[str, Any], find: Find) -> dict[str, Any]:
    try:
        return continued(given, find)
    except UserError as error:
        raise Refused([error.problem]) from error


def _kind(name: object) -> type[Request]:
    if name is None:
        name = DEFAULT_KIND
    if isinstance(name, str) and name in KINDS:
        return KINDS[name]
    raise Refused([problem("not_a_choice", "kind", choices=", ".join(KINDS))])


def _model(name: object, catalog: Catalog, problems: list[Problem]) -> ModelInfo | None:
    """The model asked for; None where there is a problem with it."""
    if name is not None and not isinstance(name, str):
        return None  # found with the other fields
    try:
        return catalog.get(name)
    except UserError as error:
        found = error.problem
    near = nearest(name or "", [one.id for one in catalog.models() if not one.problem])
    if found.code == "unknown_model" and near:
        found = problem("unknown_model_near", "model", name=clipped(name or ""), near=near)
    problems.append(found)
    return None


def _in_extensions(request: Request, extensions: Extensions) -> list[Problem]:
    try:  # what the ledger and the worker will be given
        json.dumps(request.extensions, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError):
        return [problem("does_not_fit", "extensions")]
    if isinstance(request, Animation):
        return []  # looked at frame by frame, see `planned`
    found = extensions.problems_with(request.extensions)
    return [one.model_copy(update={"field": clipped(one.field or "")}) for one in found]


def _in_downloads(request: Request, settings: Settings) -> Iterable[Problem]:
    """Said before a job waits, and before a token in an address stands in the ledger."""
    if isinstance(request, Download):
        if settings.downloads == "off":
            yield problem("downloads_off")
        try:
            Sites.of(os.environ).read(request.source)
        except UserError as error:
            yield error.problem


def _in_models(request: Request, catalog: Catalog) -> list[Problem]:
    """Of models that are named, or are to become others, what tells without opening them."""
    if missing := missing_models(request, catalog):
        return missing
    if isinstance(request, Merge | Convert):
        try:
            found_models(catalog, request)
        except UserError as error:
            return [error.problem]
    return []


def _in_amounts(request: Request) -> Iterable[Problem]:
    """What fits field by field and not together."""
    if isinstance(request, Drawing):  # texts for each picture are for all of them, or for none
        for field in ("prompts", "negative_prompts"):
            count = len(getattr(request, field))
            if count not in (0, request.images):
                yield problem("text_count", field, count=count, images=request.images)
    if isinstance(request, Outpaint):
        if not any((request.left, request.right, request.up, request.down)):
            yield problem("outpaint_nothing", "right")
