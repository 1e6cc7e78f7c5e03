"""From anything that a client sends to a complete request, or to one sentence for each mistake."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from pydantic import ValidationError

from webui.core.errors import Problem, UserError
from webui.core.offers import ModelInfo, Offers
from webui.core.plugins import Extensions
from webui.core.requests import REQUEST, AnyRequest, Txt2Img
from webui.core.settings import Settings
from webui.jobs.explain import clipped, explain, nearest, problem
from webui.library.catalog import Catalog

DRAWN_SEEDS = 2**32
"""As A1111 draws them: such a seed fits everywhere."""


class Refused(UserError):
    """A request (or a change of settings) that does not fit: one problem or more."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        Exception.__init__(self, " ".join(one.message for one in problems))
        self.problems = tuple(problems)
        self.problem = self.problems[0]


class Named(Protocol):
    """An entry of a menu."""

    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...


def accept(
    values: object, offers: Offers, catalog: Catalog, settings: Settings, extensions: Extensions
) -> AnyRequest:
    """The request with nothing left open: model, what suits it, seeds.

    Raises:
        Refused: something does not fit, whatever JSON it was.
    """
    if not isinstance(values, Mapping):
        raise Refused([problem("not_a_request")])
    asked = {str(name): value for name, value in cast(Mapping[Any, Any], values).items()}
    problems: list[Problem] = []
    model = _model(asked.get("model"), catalog, problems)
    given = {name: value for name, value in asked.items() if value is not None}
    given = {**_suits(model, settings), **given}
    for field, menu in (("sampler", offers.samplers), ("schedule", offers.schedules)):
        if isinstance(name := given.get(field), str):
            given[field] = _canonical(field, name, menu, problems)
    try:
        request = REQUEST.validate_python(given)
    except ValidationError as error:
        raise Refused([*problems, *explain(error, Txt2Img)]) from error
    problems += [*_in_extensions(request, extensions), *_in_counts(request)]
    if problems or model is None:
        raise Refused(problems)
    return request.with_(model=model.id, **_drawn(request))


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


def _canonical(field: str, name: str, menu: Iterable[Named], problems: list[Problem]) -> str | None:
    """The menu's name for what was asked, whatever its case, an alias too."""
    known = {alias.casefold(): one.name for one in menu for alias in (*one.aliases, one.name)}
    if found := known.get(name.casefold()):
        return found
    near = nearest(name, known.values())
    code = f"unknown_{field}_near" if near else f"unknown_{field}"
    values = {"near": near} if near else {}
    problems.append(problem(code, field, name=clipped(name), **values))
    return None


def _in_extensions(request: AnyRequest, extensions: Extensions) -> list[Problem]:
    try:  # what the ledger and the worker will be given
        json.dumps(request.extensions, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError):
        return [problem("does_not_fit", "extensions")]
    found = extensions.problems_with(request.extensions)
    return [one.model_copy(update={"field": clipped(one.field or "")}) for one in found]


def _in_counts(request: AnyRequest) -> Iterable[Problem]:
    """Texts for each picture are for all of them, or there are none."""
    for field in ("prompts", "negative_prompts"):
        count = len(getattr(request, field))
        if count not in (0, request.images):
            yield problem("text_count", field, count=count, images=request.images)


def _suits(model: ModelInfo | None, settings: Settings) -> dict[str, Any]:
    """What fields take that are left open."""
    fields = "sampler schedule steps cfg_scale width height clip_skip".split()
    card = {field: getattr(model.card, field) for field in fields} if model else {}
    return card | {"noise_source": settings.noise_source, "image_format": settings.image_format}


def _drawn(request: AnyRequest) -> dict[str, int]:
    """Seeds for those left open: a job that goes on after a crash makes the same pictures."""
    fields = ("seed", "variation_seed")
    return {name: secrets.randbelow(DRAWN_SEEDS) for name in fields if getattr(request, name) == -1}
