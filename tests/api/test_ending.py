from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from webui.api.ending import ENDING, Ending


async def cut_off(asked: asyncio.Event, begins: bool) -> list[Message]:
    """What a client is sent while the program behind it is cancelled."""
    sent: list[Message] = []

    async def program(scope: Scope, receive: Receive, send: Send) -> None:
        if begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        asked.set()
        await asyncio.sleep(60)

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    task = asyncio.create_task(Ending(program)(scope, receive, send))  # pyright: ignore
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return sent


@pytest.mark.parametrize("begins", [False, True])
def test_what_the_end_overtakes_is_no_error_of_the_program(begins: bool):
    sent = asyncio.run(cut_off(asyncio.Event(), begins))
    assert [message.get("status") for message in sent if message["type"].endswith("start")] == (
        [200] if begins else [ENDING]
    )


def test_what_is_done_in_time_passes_as_it_is():
    async def ask() -> httpx.Response:
        program = Ending(PlainTextResponse("apples"))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(program), base_url="http://here"
        ) as client:
            return await client.get("/")

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.text) == (200, "apples")
