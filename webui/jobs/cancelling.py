"""A job is cancelled, and with it what was begun for it alone."""

from __future__ import annotations

import time
from collections.abc import Mapping

from webui.core.events import Cancelled, Job, JobState
from webui.core.film import Film, Interpolate
from webui.core.plot import Plot
from webui.jobs.records import Writing


def cancel_with_parts(writing: Writing, id: str) -> Job:
    """End a job: now if it waits, soon if it runs.

    With a plot end its cells, the last one first; with a film the pictures between that were asked
    for with it, unless another film waits for them, too.

    Raises:
        UnknownId: there is no such job.
    """
    writing.bare(id)
    active = {job.id: job for job in writing.active(None)}  # asked once: plots are large
    for one in (*_parts_of(id, active), id):
        if one not in active:
            continue
        if active[one].state is JobState.RUNNING:
            writing.ask_to_cancel(one)
        else:
            writing.end(Cancelled(job=one), time.time())
    return writing.job(id)


def _parts_of(id: str, active: Mapping[str, Job]) -> tuple[str, ...]:
    """The jobs that nobody needs without this one, in the order in which they are ended."""
    request = active[id].request if id in active else None
    if isinstance(request, Plot):
        return tuple(reversed(request.jobs))
    if not isinstance(request, Film) or request.job not in active:
        return ()
    between = active[request.job].request
    others = (job.request for job in active.values() if job.id != id)
    wanted = any(getattr(one, "job", None) == request.job for one in others)
    ours = isinstance(between, Interpolate) and between.for_film
    return (request.job,) if ours and not wanted else ()
