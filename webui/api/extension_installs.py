"""Extensions installed, updated and removed: a plan first, then consent. Not for guests."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, Field

from webui.api.bodies import DescribedRoute
from webui.api.context import Guest, ServicesHere
from webui.api.errors import BODY, DISK, ID, may_answer
from webui.core.errors import UserError
from webui.library.extension_installs import Installs, Plan, Record


class Restored(BaseModel):
    """What was brought back."""

    name: str
    version: str = Field(description="That is there now")


class Removed(BaseModel):
    """What was taken away."""

    name: str
    packages: tuple[str, ...] = Field(description="Python packages that had come with it")


def _at_home(guest: Guest) -> None:
    if guest:
        raise UserError("installs_shared")


router = APIRouter(
    route_class=DescribedRoute, tags=["extensions"], dependencies=[Depends(_at_home)]
)


@router.post("/extension-plans", status_code=201, responses=may_answer(*BODY, *DISK))
def plan_install(
    services: ServicesHere,
    source: Annotated[
        str, Body(embed=True, description="A folder or zip file of the server's, a git address")
    ],
) -> Plan:
    """Say what installing an extension would do; nothing of it runs."""
    return Installs.of(services.paths).plan(source)


@router.post("/extension-plans/{id}/install", status_code=201, responses=may_answer(*ID, *DISK))
def install_extension(services: ServicesHere, id: str) -> Record:
    """Consent to a plan. The extension is there from the next start of the server."""
    return Installs.of(services.paths).install(id)


@router.post("/extensions/{name}/update", status_code=201, responses=may_answer(*ID, *DISK))
def plan_update(services: ServicesHere, name: str) -> Plan:
    """Say what updating an extension from where it came from would change."""
    return Installs.of(services.paths).plan_update(name)


@router.post("/extensions/{name}/remove", responses=may_answer(*ID, *DISK))
def remove_extension(services: ServicesHere, name: str) -> Removed:
    """Take an extension away that was installed."""
    record = Installs.of(services.paths).remove(name)
    return Removed(name=name, packages=record.packages)


@router.post("/extensions/{name}/restore", responses=may_answer(*ID, *DISK))
def restore_extension(services: ServicesHere, name: str) -> Restored:
    """Bring back what was there before the last install, update or removal."""
    return Restored(name=name, version=Installs.of(services.paths).restore(name))
