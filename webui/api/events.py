"""Events as they happen: server-sent events that go on from the last one a client has seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.responses import StreamingResponse

from webui.api.bodies import DescribedRoute
from webui.api.context import Audience, ServicesHere
from webui.api.errors import may_answer
from webui.core.events import Event

router = APIRouter(route_class=DescribedRoute, tags=["jobs"])

ALIVE_SECONDS = 15.0
"""A comment goes out after this much silence, so that nobody in between takes the line for dead."""


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


@router.get(
    "/events",
    response_class=EventStream,
    responses={
        200: {"model": Event, "description": "Each `data:` is such an event, on one line"},
        **may_answer(410),
    },
)
def events(
    services: ServicesHere,
    audience: Audience,
    after: Annotated[int, Query(ge=0, description="Id of the last event that is known")] = 0,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> EventStream:
    """Events of your jobs and news of the worker, from where you left off.

    Durable events have an `id:`; news of the moment (`progress`, `worker`) have none.
    """
    known = after if last_event_id is None else last_event_id
    coming = services.jobs.subscribe(audience, known)
    return EventStream(lines(coming), headers={"cache-control": "no-store"})


async def lines(
    coming: AsyncIterator[tuple[int | None, Event]], alive: float = ALIVE_SECONDS
) -> AsyncGenerator[str]:
    """The stream's text; the first line says at once that the line stands."""
    yield ": here\n\n"
    waiting: asyncio.Future[Any] = asyncio.ensure_future(anext(coming))  # pyright: ignore
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=alive)
            if not done:
                yield ": alive\n\n"
                continue
            id, event = waiting.result()
            number = "" if id is None else f"id: {id}\n"
            yield f"{number}data: {event.model_dump_json()}\n\n"
            waiting = asyncio.ensure_future(anext(coming))
    except StopAsyncIteration:
        return
    finally:
        waiting.cancel()
