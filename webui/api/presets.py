"""Well-known models, models defined in small files, and the settings that suit a model."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from webui.api.bodies import DescribedRoute
from webui.api.catalog import PATIENCE
from webui.api.context import ServicesHere
from webui.core.kinds import ModelKind
from webui.library.known import KnownList, find_known, with_places

router = APIRouter(route_class=DescribedRoute, tags=["models"])


@router.get("/known-models")
def list_known_models(
    services: ServicesHere,
    search: Annotated[str, Query(max_length=500, description="Words, all of which fit")] = "",
    kind: Annotated[ModelKind | None, Query(description="All kinds without it")] = None,
) -> KnownList:
    """Well-known models: a `download` job takes their names. Asks nothing of the net."""
    page = services.catalog.entries(limit=None, patience=PATIENCE)
    return KnownList(models=with_places(find_known(search, kind), page.entries))
