"""Events as they happen: server-sent events that go on from the last one a client has seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from webui.api.context import Audience, ServicesHere
from webui.core.events import Event

router = APIRouter(tags=["jobs"])

ALIVE_SECONDS = 15.0
"""A comment goes out after this much silence, so that nobody in between takes the line for dead."""


class EventLine(BaseModel):
    """What stands in one `data:`; durable events have an `id:` before it."""

    event: Event


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events; each `data` is an event as JSON",
            "content": {
                "text/event-stream": {"itemSchema": {"$ref": "#/components/schemas/EventLine"}}
            },
        }
    },
)
def events(
    services: ServicesHere,
    audience: Audience,
    after: Annotated[int, Query(ge=0, description="Id of the last event that is known")] = 0,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> StreamingResponse:
    """Events of your jobs and news of the worker, from where you left off."""
    known = after if last_event_id is None else last_event_id
    coming = services.jobs.subscribe(audience, known)
    headers = {"cache-control": "no-store"}
    return StreamingResponse(lines(coming), 200, headers, "text/event-stream")


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
