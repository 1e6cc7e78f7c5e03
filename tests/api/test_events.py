"""Server-sent events, over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from tests.doors import Client
from webui.api.events import lines
from webui.core.events import Event, Queued, WorkerState
from webui.jobs.identity import COOKIE, new_cookie
from webui.jobs.services import Services


def read(
    server: str, until: str, job: str | None = None, after: int = 0, **headers: str
) -> list[tuple[int | None, dict[str, Any]]]:
    """Events up to the first of a kind (of a job)."""
    found: list[tuple[int | None, dict[str, Any]]] = []
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent["authorization"] = "Bearer secret"
    url = f"{server}/api/v1/events?after={after}"
    with httpx.Client(trust_env=False, timeout=20) as client:
        with client.stream("GET", url, headers=sent) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
            id = None
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    id = int(value)
                elif name == "data":
                    event = json.loads(value)
                    found.append((id, event))
                    id = None
                    if event["kind"] == until and event.get("job") == (job or event.get("job")):
                        return found
    raise AssertionError("the stream ended")


def last(client: Client, **options: Any) -> int:
    return client.get("/state", **options)["last"]


def test_a_jobs_events_come_in_order_and_durable_ones_are_numbered(client: Client, server: str):
    after = last(client)
    job = client.submit("an apple", batch_count=2)["id"]
    events = [(id, e) for id, e in read(server, "finished", job, after) if e.get("job") == job]
    durable = [(id, event["kind"]) for id, event in events if event["kind"] != "progress"]
    assert [kind for _, kind in durable] == [
        "queued",
        "started",
        "image_done",
        "image_done",
        "finished",
    ]
    ids = [id for id, _ in durable]
    assert ids == sorted(set(ids)) and ids[0] > after
    assert all(id is None for id, event in events if event["kind"] == "progress")


def test_the_first_thing_told_is_how_the_worker_is(client: Client, server: str):
    [(id, event)] = read(server, "worker", after=last(client))
    assert id is None
    assert event["device"] == "fake"


def test_a_client_goes_on_where_it_left_off(client: Client, server: str):
    after = last(client)
    job = client.submit("another apple")["id"]
    client.finished(job)
    everything = [(id, event) for id, event in read(server, "finished", job, after) if id]
    middle = everything[1][0]
    by_header = read(server, "finished", job, 0, last_event_id=str(middle))
    by_address = read(server, "finished", job, middle)
    for resumed in (by_header, by_address):
        assert [entry for entry in resumed if entry[0]] == everything[2:]


def test_each_browser_hears_of_its_own_jobs(client: Client, server: str):
    mine, other = ({"cookie": f"{COOKIE}={new_cookie()}"} for _ in range(2))
    after = last(client)
    ids = []
    for headers in (other, mine):
        body = {"prompt": "an apple"}
        ids.append(client("POST", "/api/v1/jobs", json=body, headers=headers).json()["id"])
    events = read(server, "finished", ids[1], after, **mine)
    assert {event["job"] for _, event in events if "job" in event} == {ids[1]}
    client.finished(ids[0])


def test_news_reach_a_listener_while_a_job_runs(client: Client, server: str):
    after = last(client)
    job = client.submit("a slow apple")["id"]
    events = read(server, "progress", job, after)
    assert events[-1][1]["steps"] == 4
    client("POST", f"/api/v1/jobs/{job}/cancel")
    assert read(server, "cancelled", job, after)
    client.finished(job)


def test_events_that_nobody_kept_are_gone(client: Client):
    for path in ("/events?after=1000000",):
        response = client("GET", f"/api/v1{path}")
        assert response.status_code == 410
        assert response.json()["problems"][0]["code"] == "events_gone"


async def collect(coming: AsyncIterator[tuple[int | None, Event]], count: int) -> list[str]:
    stream = lines(coming, alive=0.02)
    found = [await anext(stream) for _ in range(count)]
    await stream.aclose()
    return found


def test_silence_is_broken_by_a_sign_of_life_that_loses_nothing():
    left: list[str] = []

    async def coming() -> AsyncIterator[tuple[int | None, Event]]:
        try:
            yield 5, Queued(job="j")
            await asyncio.sleep(0.05)
            yield None, WorkerState(state="ready")
            await asyncio.sleep(60)
        finally:
            left.append("gone")

    async def run() -> list[str]:
        found = await collect(coming(), 6)
        await asyncio.sleep(0.01)
        return found

    found = asyncio.run(run())
    assert found[0] == ": here\n\n"
    assert found[1] == 'id: 5\ndata: {"job":"j","kind":"queued"}\n\n'
    assert found[2] == ": alive\n\n"
    news = next(line for line in found if line.startswith("data"))
    assert json.loads(news[6:])["state"] == "ready"
    assert left == ["gone"]


def test_a_source_that_ends_ends_the_stream():
    async def coming() -> AsyncIterator[tuple[int | None, Event]]:
        yield 1, Queued(job="j")

    async def run() -> list[str]:
        return [line async for line in lines(coming())]

    assert len(asyncio.run(run())) == 2


def test_a_listener_that_leaves_is_forgotten(client: Client, server: str, services: Services):
    before = len(services.jobs._hub._mailboxes)
    read(server, "worker", after=last(client))
    for _ in range(200):
        if len(services.jobs._hub._mailboxes) == before:
            break
        asyncio.run(asyncio.sleep(0.01))
    assert len(services.jobs._hub._mailboxes) == before
