"""Jobs, and what there is to know and to set. Routes that wait for disk or ledger are `def`s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query

from webui import __version__
from webui.api.animation import worth_knowing
from webui.api.bodies import DescribedRoute, JsonObject, described, described_kinds
from webui.api.context import (
    AccessHere,
    Audience,
    Guest,
    Owner,
    OwnJob,
    ServicesHere,
    SettingsOfHost,
)
from webui.api.errors import BODY, DISK, ID, may_answer
from webui.api.models import About, JobList, OfferList, PictureList, Submitted
from webui.core.errors import Problem, UnknownId, UserError
from webui.core.events import Job
from webui.core.plugins import Extensions
from webui.core.requests import KINDS
from webui.core.running import fingerprint
from webui.core.settings import Settings
from webui.core.texts import LANGUAGES, catalogue
from webui.jobs.checks import Refused
from webui.jobs.queue import Snapshot

router = APIRouter(route_class=DescribedRoute)

_NOT_FOR_GUESTS: Mapping[str, str] = {
    "download": "downloads_shared",
    "merge": "merges_shared",
    "convert": "merges_shared",
    "hash": "models_shared",
}
"""Kinds of jobs that guests of a shared link cannot ask for, and what they are told."""


@router.get("/about", tags=["server"])
def about(access: AccessHere) -> About:
    """Which server this is."""
    return About(version=__version__, fingerprint=fingerprint(access.key))


@router.get("/state", tags=["jobs"])
def state(services: ServicesHere, audience: Audience) -> Snapshot:
    """Your jobs, their progress, the worker, and the number of the last event.

    Of a job with many pictures the last ones; `picture_count` says how many there are.
    """
    return services.jobs.snapshot(audience)


@router.post(
    "/jobs",
    status_code=201,
    tags=["jobs"],
    openapi_extra=described_kinds({kind: model.__name__ for kind, model in KINDS.items()}),
    responses=may_answer(*BODY, *DISK),
)
def submit(services: ServicesHere, owner: Owner, guest: Guest, values: JsonObject) -> Submitted:
    """Ask for pictures, or for a model of the net. What is left out takes what suits the model."""
    if guest and (code := _NOT_FOR_GUESTS.get(str(values.get("kind")))):
        raise UserError(code)
    job = services.jobs.submit(values, owner)
    return Submitted.model_construct(**dict(job), warnings=worth_knowing(values, job, services))


@router.get("/jobs", tags=["jobs"], responses=may_answer(*ID))
def list_jobs(
    services: ServicesHere,
    audience: Audience,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[
        str | None, Query(description="Id of the last job of the page before")
    ] = None,
) -> JobList:
    """Your jobs, the newest first; of each the last pictures, and how many there are."""
    return JobList(jobs=tuple(services.jobs.list(audience, limit, before)))


@router.get("/jobs/{id}", tags=["jobs"], responses=may_answer(*ID))
def get_job(
    services: ServicesHere,
    id: str,
    pictures: Annotated[bool, Query(description="False: without, where there are many")] = True,
) -> Job:
    """One job with its pictures."""
    return services.jobs.get(id) if pictures else services.jobs.bare(id)


@router.get("/jobs/{id}/pictures", tags=["jobs"], responses=may_answer(*ID))
def list_pictures(
    services: ServicesHere,
    id: str,
    first: Annotated[int, Query(ge=0, description="How many to leave out before")] = 0,
    count: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> PictureList:
    """Some of a job's pictures, page by page, and how many there are."""
    total, found = services.jobs.pictures_of(id, first, count)
    return PictureList(total=total, pictures=tuple(found))


@router.post(
    "/jobs/{id}/cancel", tags=["jobs"], dependencies=[OwnJob], responses=may_answer(*ID, *DISK)
)
def cancel(services: ServicesHere, id: str) -> Job:
    """Stop a job and keep what is done; one that is over stays as it is."""
    return services.jobs.cancel(id)


@router.post("/jobs/{id}/skip", tags=["jobs"], dependencies=[OwnJob], responses=may_answer(*ID))
def skip(services: ServicesHere, id: str) -> Job:
    """Leave the batch in work and go on with the next."""
    return services.jobs.skip(id)


@router.get("/offers", tags=["choices"])
def offers(services: ServicesHere, guest: Guest) -> OfferList:
    """Models, samplers and schedules to choose from."""
    told = services.offers
    models = services.catalog.models()
    return OfferList(
        models=tuple(one.model_copy(update={"path": ""}) for one in models) if guest else models,
        default_model=_default_model(services),
        samplers=told.samplers,
        schedules=told.schedules,
        upscalers=told.upscalers,
        captioners=told.captioners,
        restorers=told.restorers,
        preprocessors=told.preprocessors,
        interpolators=told.interpolators,
        device=told.device,
    )


def _default_model(services: ServicesHere) -> str | None:
    try:
        return services.catalog.get(None).id
    except UserError:
        return None


@router.get("/settings", tags=["choices"])
def get_settings(services: ServicesHere, guest: Guest) -> Settings:
    """The settings, for all browsers of this server; guests see no folders."""
    settings = services.settings
    return settings.model_copy(update={"model_folders": ()}) if guest else settings


@router.patch(
    "/settings",
    tags=["choices"],
    openapi_extra=described("Settings"),
    dependencies=[SettingsOfHost],
    responses=may_answer(*BODY, *DISK),
)
def change_settings(services: ServicesHere, values: JsonObject) -> Settings:
    """Change some settings; of `extensions`, those of the extensions that are named."""
    named = values.get("extensions")
    if isinstance(named, dict):
        named = cast(dict[str, Any], named)
        if problems := list(_misfits(services.extensions, named)):
            raise Refused(problems)
        values["extensions"] = {**services.settings.extensions, **named}
    return services.store.update(**values)


def _misfits(extensions: Extensions, values: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with settings of extensions, by their own models."""
    models = extensions.settings_models()
    for name, given in values.items():
        if name not in models:
            yield UserError("no_extension", f"extensions.{name}", name=name[:100]).problem
        elif problem := extensions.guard.misfit(name, models[name], given):
            yield problem


@router.get("/texts/{language}", tags=["choices"], responses=may_answer(*ID))
def texts(language: str) -> dict[str, str]:
    """All texts of a language, by their keys; problems are `error.` and their code."""
    if language not in LANGUAGES:
        raise UnknownId("unknown_language", name=language[:100], names=", ".join(LANGUAGES))
    return dict(catalogue(language))
