"""Names from menus, as clients write them: made those of the menu, or explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

from webui.core.errors import Problem, UserError
from webui.core.explain import clipped, nearest, problem
from webui.core.offers import Offers
from webui.library.catalog import Catalog
from webui.library.making import MODELS, VAE, found_model

_PARTS = ("hires", "refiner", "diffusion")
"""Parts of requests with names of their own."""
_MENUS: Mapping[str, str] = {
    "sampler": "sampler",
    "schedule": "schedule",
    "upscaler": "upscaler",
    "upscaler_2": "upscaler",
    "captioner": "captioner",
    "restorer": "restorer",
    "preprocessor": "preprocessor",
    "interpolator": "interpolator",
}
"""Field -> the word for what it names."""


class Named(Protocol):
    """An entry of a menu."""

    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...


def canonical_names(
    given: dict[str, Any], offers: Offers, catalog: Catalog, problems: list[Problem]
) -> dict[str, Any]:
    """The same values with the menus' names, whatever their case, aliases too."""
    named = {**given, **_named(given, "", offers, given.get("kind"), problems)}
    if given.get("kind") in ("merge", "convert"):
        named |= _files(given, catalog, problems)
    for part in _PARTS:
        if isinstance(inner := given.get(part), Mapping):
            values = {str(name): value for name, value in cast(Mapping[Any, Any], inner).items()}
            changed = _named(values, f"{part}.", offers, given.get("kind"), problems)
            if isinstance(model := values.get("model"), str):
                changed["model"] = _model(model, f"{part}.model", catalog, problems)
            named[part] = {**values, **changed}
    return named


def _files(given: Mapping[str, Any], catalog: Catalog, problems: list[Problem]) -> dict[str, str]:
    """Models as files, of which also those may be taken that cannot be drawn with."""
    changed: dict[str, str] = {}
    for field in (*MODELS, VAE):
        if isinstance(name := given.get(field), str):
            try:
                changed[field] = found_model(catalog, field, name).name
            except UserError as error:
                problems.append(error.problem)
                changed[field] = clipped(name)
    return changed


def _named(
    values: Mapping[str, Any], prefix: str, offers: Offers, kind: object, problems: list[Problem]
) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for field, word in _MENUS.items():
        if isinstance(name := values.get(field), str):
            menu = _menu(word, prefix, offers)
            changed[field] = _canonical(word, prefix + field, name, menu, problems)
    return changed


def _menu(word: str, prefix: str, offers: Offers) -> Iterable[Named]:
    if word == "sampler":
        return offers.samplers
    if word == "schedule":
        return offers.schedules
    if word in ("captioner", "restorer"):
        return offers.captioners if word == "captioner" else offers.restorers
    if word in ("preprocessor", "interpolator"):
        return offers.preprocessors if word == "preprocessor" else offers.interpolators
    between_passes = prefix == "hires."  # there latents may be enlarged, too
    return [one for one in offers.upscalers if between_passes or one.kind == "picture"]


def _canonical(
    word: str, field: str, name: str, menu: Iterable[Named], problems: list[Problem]
) -> str:
    known = {alias.casefold(): one.name for one in menu for alias in (*one.aliases, one.name)}
    if found := known.get(name.casefold()):
        return found
    near = nearest(name, known.values())
    code = f"unknown_{word}_near" if near else f"unknown_{word}"
    values = {"near": near} if near else {}
    problems.append(problem(code, field, name=clipped(name), **values))
    return clipped(name)


def _model(name: str, field: str, catalog: Catalog, problems: list[Problem]) -> str:
    try:
        return catalog.get(name).id
    except UserError as error:
        found = error.problem
    near = nearest(name, [one.id for one in catalog.models() if not one.problem])
    if found.code == "unknown_model" and near:
        found = problem("unknown_model_near", field, name=clipped(name), near=near)
    problems.append(found.model_copy(update={"field": field}))
    return clipped(name)
