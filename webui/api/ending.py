"""What a request is answered that the server's end overtakes."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENDING = 503
"""Says that the server ends and another may be asked; nothing else here answers so."""


class Ending:
    """Answers what is cut off by the end of the server.

    The event loop ends by cancelling what runs, and uvicorn would call that an error of the
    program (500), so that a shell whose server ends took it for a refusal of its job.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:
            if scope["type"] == "http" and not begun:
                await Response(status_code=ENDING)(scope, receive, send)
            raise
