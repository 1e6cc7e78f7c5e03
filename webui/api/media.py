"""Films and sounds that animations are made after: sent piece by piece, kept in the store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from webui.api.bodies import MEDIA, DescribedRoute
from webui.api.context import Guest, ServicesHere
from webui.api.errors import DISK, may_answer
from webui.core.errors import UserError
from webui.core.files import explained
from webui.library.store import Store, Stored

router = APIRouter(route_class=DescribedRoute, tags=["images"])

MEGABYTE = 1_000_000
LARGEST, LARGEST_OF_GUESTS = 2000, 100
"""Megabytes."""


@router.post("/media", status_code=201, openapi_extra=MEDIA, responses=may_answer(413, *DISK))
async def store_media(services: ServicesHere, request: Request, guest: Guest) -> Stored:
    """Send a film or a sound (the body). Its `id` is what requests call it."""
    limit = LARGEST_OF_GUESTS if guest else LARGEST
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > limit * MEGABYTE:
        raise UserError("body_too_large", limit=limit)
    return await kept(services.jobs.store, request.stream(), limit)


async def kept(store: Store, pieces: AsyncIterator[bytes], limit: int) -> Stored:
    """A body in the store; nothing of it stays where that fails.

    limit: megabytes.

    Raises:
        UserError: it is too large, no film and no sound, or cannot be written.
    """
    handle, name = await run_in_threadpool(store.scratch)
    hash, size = hashlib.sha256(), 0
    try:
        with explained(Path(name).parent, Path(name).name), os.fdopen(handle, "wb") as file:
            async for piece in pieces:
                size += len(piece)
                if size > limit * MEGABYTE:
                    raise UserError("body_too_large", limit=limit)
                hash.update(piece)
                await run_in_threadpool(file.write, piece)
        return await run_in_threadpool(store.put_media, Path(name), hash.hexdigest())
    finally:
        Path(name).unlink(missing_ok=True)
