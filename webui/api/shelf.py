"""The disk: what models take of it, and the trash. Not for guests of a shared link."""

from __future__ import annotations

from fastapi import APIRouter

from webui.api.bodies import DescribedRoute
from webui.api.context import HostOnly, ServicesHere
from webui.api.errors import DISK, ID, may_answer
from webui.library.disk import DiskReport, disk_report
from webui.library.trash import Trashed, TrashList

router = APIRouter(route_class=DescribedRoute, tags=["models"], dependencies=[HostOnly])


@router.get("/disk")
def disk(services: ServicesHere) -> DiskReport:
    """What models take of the disk: by kind and folder, what is there twice, what was used when."""
    whole = services.catalog.entries(limit=0).whole
    trash = services.catalog.trash.list().bytes
    return disk_report(services.catalog.listing(), services.jobs.last_used(), trash, whole)


@router.get("/trash")
def list_trash(services: ServicesHere) -> TrashList:
    """Models that were deleted and can be put back, the newest first."""
    return services.catalog.trash.list()


@router.post("/trash/{id}/restore", responses=may_answer(*ID, *DISK))
def restore_model(services: ServicesHere, id: str) -> Trashed:
    """Put a model of the trash back where it was."""
    restored = services.catalog.trash.restore(id)
    services.catalog.expire()
    return restored


@router.delete("/trash/{id}", status_code=204, responses=may_answer(*ID, *DISK))
def drop_model(services: ServicesHere, id: str) -> None:
    """Delete a model of the trash for good."""
    services.catalog.trash.drop(id)


@router.delete("/trash", status_code=204, responses=may_answer(*DISK))
def empty_trash(services: ServicesHere) -> None:
    """Delete all of the trash for good."""
    services.catalog.trash.empty()
