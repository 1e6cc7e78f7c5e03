"""Mailboxes: small, in order, and nobody waits for a listener."""

import asyncio
import threading

from webui.core.errors import UserError
from webui.core.events import Event, Finished, Interrupted, Progress, Queued, Started, WorkerState
from webui.jobs.hub import Hub, Mailbox
from webui.jobs.records import Recorded

STARTED = Started(job="j", attempt=1, images=2)
ENDED = Finished(job="j", seconds=1)


def progress(step: int, preview: str | None = None, image: int = 0) -> Progress:
    return Progress(job="j", phase="sampling", step=step, preview=preview, image=image)


def told(hub: Hub, box: Mailbox) -> list[Event]:
    return [event for event in hub.take(box).moment if not isinstance(event, WorkerState)]


async def body_coalesces() -> None:
    hub = Hub()
    hub.recorded([Recorded(1, "a", STARTED)])
    mine, his, all_of_it = hub.join("a", 0), hub.join("b", 0), hub.join(None, 0)
    for step in range(1000):
        hub.progress(progress(step, "p" if step == 3 else None))
    assert told(hub, mine) == told(hub, all_of_it) == [progress(999, "p")]
    assert told(hub, his) == []
    hub.progress(progress(1, None))
    assert told(hub, mine) == [progress(1)]  # unchanged: it has the preview
    assert told(hub, hub.join("a", 0)) == [progress(1, "p")]
    hub.progress(progress(0, None, image=1))
    assert hub.now()[0]["j"].preview is None


async def body_ends() -> None:
    hub = Hub()
    for ending in (
        ENDED,
        Interrupted(job="j", attempt=1, problem=UserError("unexpected", reason="x").problem),
    ):
        hub.recorded([Recorded(1, "a", STARTED)])
        box = hub.join("a", 0)
        hub.progress(progress(1))
        hub.recorded([Recorded(2, "a", ending)])
        assert told(hub, box) == []
        hub.progress(progress(2))  # a late one
        assert told(hub, box) == []
        assert hub.now()[0] == {}


async def body_ranges() -> None:
    hub = Hub(10)
    box = hub.join("a", 4)
    assert hub.take(box)[:2] == (4, 10)
    hub.recorded([Recorded(11, "b", Queued(job="x"))])
    hub.recorded([Recorded(12, "b", Queued(job="y"))])
    assert not box.rung
    hub.recorded([Recorded(13, "a", STARTED)])
    hub.recorded([Recorded(14, "b", Queued(job="z"))])
    assert box.rung
    assert hub.take(box)[:2] == (12, 14)
    assert hub.take(box)[:2] == (14, 14)


async def body_rings() -> None:
    hub = Hub()
    box = hub.join(None, 0)
    await asyncio.wait_for(box.wait(), 1)
    hub.take(box)
    thread = threading.Thread(target=hub.worker, args=(WorkerState(state="ready"),))
    thread.start()
    await asyncio.wait_for(box.wait(), 5)
    thread.join()
    assert hub.take(box).moment == [WorkerState(state="ready")]
    hub.worker(WorkerState(state="ready"))  # nothing new
    assert hub.take(box).moment == []
    hub.leave(box)
    hub.worker(WorkerState(state="busy"))
    assert hub.take(box).moment == []


def test_the_last_news_of_a_job_is_enough() -> None:
    asyncio.run(body_coalesces())


def test_an_end_makes_news_old() -> None:
    asyncio.run(body_ends())


def test_others_events_wake_nobody_and_cost_nothing() -> None:
    asyncio.run(body_ranges())


def test_listeners_wake() -> None:
    asyncio.run(body_rings())


def test_a_listener_whose_loop_is_closed_is_no_trouble() -> None:
    hub = Hub()

    async def join() -> Mailbox:
        return hub.join(None, 0)

    box = asyncio.run(join())
    hub.take(box)
    hub.worker(WorkerState(state="ready"))
    hub.recorded([Recorded(1, "a", STARTED)])
