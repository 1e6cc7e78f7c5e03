"""Jobs: the one thing that doors talk to, from any thread.

Takes requests, tells where they stand, hands out results.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict

from webui.core.errors import UserError
from webui.core.events import (
    FINAL,
    Cancelled,
    Event,
    Failed,
    Finished,
    Job,
    Picture,
    Progress,
    WorkerState,
)
from webui.core.files import explained
from webui.core.memory import Memory
from webui.core.offers import Offers
from webui.core.option_texts import Said, said_of
from webui.core.paths import Paths
from webui.core.plugins import Extensions
from webui.core.requests import AnyRequest, Request
from webui.core.settings import Settings
from webui.jobs.cancelling import cancel_with_parts
from webui.jobs.checks import accept
from webui.jobs.child import end_orphan
from webui.jobs.chores import Chore, Chores
from webui.jobs.continuing import forget_states
from webui.jobs.doers import doers_of
from webui.jobs.given import Pictures
from webui.jobs.hub import Hub
from webui.jobs.interpolating import between_first
from webui.jobs.last_used import LastUsed
from webui.jobs.ledger import Ledger
from webui.jobs.menus import Menus
from webui.jobs.plotting import Around, add_plot, asked, planned
from webui.jobs.records import Asked, Recorded
from webui.jobs.results import Results
from webui.jobs.runs import Runs
from webui.jobs.supervisor import Supervisor, Timing
from webui.library.catalog import Catalog
from webui.library.store import Store

MOST_WAITING = 10_000
LOCK_SECONDS = 2.0
"""A worker that a killed server was just starting holds the lock for a moment longer."""
FORGOTTEN_SECONDS = 7 * 24 * 3600.0
"""After which a picture goes that was given and that no request names."""
PAGE = 500
"""Durable events that are read at a time."""


class Snapshot(BaseModel):
    """Where everything stands: jobs that are not over, the newest that are, and the news of now.

    `last` is the id of the last durable event in it: events after it are what comes next.
    """

    model_config = ConfigDict(frozen=True)

    jobs: tuple[Job, ...]
    last: int
    progress: dict[str, Progress]
    worker: WorkerState


class Jobs:
    """The queue of one data folder."""

    def __init__(
        self,
        paths: Paths,
        settings: Callable[[], Settings],
        catalog: Catalog,
        extensions: Extensions,
        command: Sequence[str] | None = None,
        timing: Timing = Timing(),  # noqa: B008  frozen
        chores: Mapping[str, Chore] | None = None,
    ) -> None:
        """Open the ledger, and take over what a killed server left.

        Args:
            command: starts a worker; the real one if None.
            chores: who does jobs that need no worker, by their kind; the real ones if None.

        Raises:
            UserError: another process runs jobs on this folder, or the ledger cannot be used.
        """
        self._settings = settings
        self._catalog = catalog
        self._extensions = extensions
        folders = (*paths.model_folders, *settings().folders_of_models)
        self._menus = Menus(paths.offers, folders)
        self.store = Store(paths.pictures)
        self._lock = _take_lock(paths)
        self._ledger = Ledger(paths.ledger, self._recorded)
        with self._ledger.read() as reading:
            self._hub = Hub(reading.last_event())
        self._results = Results(self._ledger, paths.outputs, settings, self._model_hash)
        self.pictures = Pictures(self.store, self._results.data, paths.sounds)
        self._last_used = LastUsed(self._asked_after)
        runs = Runs(self._ledger, self._results, self._settings_of_runs, self._said)
        command = command or worker_command(paths)
        told = self._menus.update
        self._supervisor = Supervisor(paths, command, runs, self._hub, told, timing, extensions)
        if chores is None:
            chores = doers_of(paths, self.get, self._results.data, self.store, catalog)
        self._chores = Chores(runs, self._hub, chores)
        end_orphan(paths.worker_record)
        runs.recover()
        with self._ledger.read() as reading:
            self.store.collect(reading.pictures_given(), older_than=FORGOTTEN_SECONDS)
            forget_states(paths.animations, reading)

    def start(self) -> None:
        """Start the worker, and with it what was interrupted or waits."""
        self._supervisor.start()
        self._chores.start()

    def close(self) -> None:
        """End the worker and let go of the folder. A kill does as well."""
        self._chores.stop()
        self._supervisor.stop()
        self._ledger.close()
        self._lock.release()

    @property
    def offers(self) -> Offers:
        """What the worker has, as far as is known."""
        return self._menus.offers

    @property
    def memory(self) -> Memory | None:
        """What the worker has of memory, None while that is not known."""
        return self._supervisor.memory

    def submit(self, values: Mapping[str, Any] | Request, owner: str, priority: int = 0) -> Job:
        """Take a request. Seeds are drawn and fields filled in now, so it stays what it is.

        A request that an extension fails on becomes a job that failed.

        Raises:
            Refused: something in it does not fit.
            UserError: too many jobs wait, or the ledger cannot be written.
        """
        given = values.model_dump() if isinstance(values, Request) else values
        if given.get("kind") == "plot":
            return self._submit_plot(given, owner, priority)
        request = self._accept(given)
        request, error = self._rewritten(request)
        first = None if error else between_first(request, self.offers, self.get)
        between = first and self._accept(first.values).with_(for_film=True)
        id, before = secrets.token_hex(16), secrets.token_hex(16)
        with self._ledger.write() as writing:
            if writing.count_waiting(owner) >= MOST_WAITING:
                raise UserError("queue_full", limit=MOST_WAITING)
            if first and between:
                writing.add_job(before, owner, between, priority, time.time())
                request = first.film.with_(job=before)
            writing.add_job(id, owner, request, priority, time.time())
            if error is not None:
                writing.end(Failed(job=id, problem=error.problem), time.time())
            job = writing.job(id)
        self._wake()
        return job

    def around(self) -> Around:
        """What requests are checked by, as it is now."""
        return Around(self.offers, self._catalog, self._extensions.steady(), self._settings())

    def _submit_plot(self, values: Mapping[str, Any], owner: str, priority: int) -> Job:
        now = self.around()
        accept, rewrite = partial(self._accept, around=now), partial(self._rewritten, around=now)
        accepted = asked(planned(values, now), accept, rewrite)
        with self._ledger.write() as writing:
            if writing.count_waiting(owner) + len(accepted.cells) >= MOST_WAITING:
                raise UserError("queue_full", limit=MOST_WAITING)
            job = add_plot(writing, owner, priority, accepted)
        self._wake()
        return job

    def cancel(self, job: str) -> Job:
        """Stop a job: now if it waits, as soon as the worker can if it runs. What is made stays.

        Raises:
            UnknownId: there is no such job.
        """
        with self._ledger.write() as writing:
            found = cancel_with_parts(writing, job)
        self._wake()
        return found

    def skip(self, job: str) -> Job:
        """Leave the batch in work and go on with the next; of no effect if the job does not run.

        Raises:
            UnknownId: there is no such job.
        """
        found = self.get(job)
        self._supervisor.skip(job)
        return found

    def get(self, job: str) -> Job:
        """Where a job stands.

        Raises:
            UnknownId: there is no such job.
        """
        with self._ledger.read() as reading:
            return reading.job(job)

    def bare(self, job: str) -> Job:
        """The same without its pictures, but counted.

        Raises:
            UnknownId: there is no such job.
        """
        with self._ledger.read() as reading:
            count = reading.count_pictures(job)
            return reading.bare(job).model_copy(update={"picture_count": count})

    def pictures_of(self, job: str, first: int, count: int) -> tuple[int, Sequence[Picture]]:
        """How many pictures a job has, and some of them in their order.

        Raises:
            UnknownId: there is no such job.
        """
        with self._ledger.read() as reading:
            reading.bare(job)
            return reading.count_pictures(job), reading.pictures(job, first, count)

    def list(self, owner: str | None, limit: int = 50, before: str | None = None) -> Sequence[Job]:
        """An owner's jobs (None: everybody's), the newest first; `before` begins the next page.

        Raises:
            UnknownId: there is no job `before`.
        """
        with self._ledger.read() as reading:
            return reading.history(owner, limit, before)

    def picture(self, id: str) -> Picture:
        """A result.

        Raises:
            UnknownId: there is no such picture.
        """
        with self._ledger.read() as reading:
            return reading.picture(id)

    def picture_data(self, id: str) -> bytes:
        """A result's file, also if it could not be saved (until the program ends).

        Raises:
            UnknownId: there is no such picture, or its file is gone.
            UserError: the file cannot be read.
        """
        return self._results.data(id)

    def last_used(self) -> Mapping[str, float]:
        """When models were last used, by their ids: seconds since 1970.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        return self._last_used.times(self._catalog.listing())

    def snapshot(self, owner: str | None, final: int = 50) -> Snapshot:
        """Where everything of an owner (None: of everybody) stands.

        Args:
            final: how many jobs that are over, the newest.
        """
        with self._ledger.read() as reading:
            jobs = sorted(
                [*reading.active(owner), *reading.final(owner, final)],
                key=lambda job: job.created,
                reverse=True,
            )
            last = reading.last_event()
        progress, worker = self._hub.now()
        active = {job.id for job in jobs if job.state not in FINAL}
        return Snapshot(
            jobs=tuple(jobs),
            last=last,
            progress={job: one for job, one in progress.items() if job in active},
            worker=worker,
        )

    def subscribe(self, owner: str | None, after: int) -> AsyncIterator[tuple[int | None, Event]]:
        """An owner's events (None: everybody's) after one, without end and without a gap.

        Durable ones come with their id; news of the moment with None, the last of each job if
        the listener is slow.

        Raises:
            UserError: the events after that one are not kept any more; begin with a snapshot.
        """
        with self._ledger.read() as reading:
            reading.events(owner, after, after, 0)  # raises if they are gone
        return self._events(owner, after)

    async def _events(
        self, owner: str | None, after: int
    ) -> AsyncIterator[tuple[int | None, Event]]:
        box = self._hub.join(owner, after)
        try:
            while True:
                await box.wait()
                news = self._hub.take(box)
                after = news.after
                while after < news.last:
                    page = await asyncio.to_thread(self._page, owner, after, news.last)
                    for recorded in page:
                        yield recorded.id, recorded.event
                    after = page[-1].id if len(page) == PAGE else news.last
                for event in news.moment:
                    yield None, event
        finally:
            self._hub.leave(box)

    def _asked_after(self, number: int, limit: int) -> Sequence[Asked]:
        with self._ledger.read() as reading:
            return reading.asked_after(number, limit)

    def _said(self, request: Request) -> Said:
        return said_of(self._extensions.panels(), request.extensions)

    def _settings_of_runs(self) -> Settings:
        """With all extensions that the worker is to leave out."""
        off = tuple(sorted(self._extensions.off()))
        return self._settings().model_copy(update={"disabled_extensions": off})

    def _recorded(self, events: Sequence[Recorded]) -> None:
        self._hub.recorded(events)
        if any(isinstance(one.event, Cancelled | Failed | Finished) for one in events):
            self._chores.wake()  # a film may wait for that job

    def _wake(self) -> None:
        self._supervisor.wake()
        self._chores.wake()

    def _page(self, owner: str | None, after: int, upto: int) -> Sequence[Recorded]:
        with self._ledger.read() as reading:
            return reading.events(owner, after, upto, PAGE)

    def _accept(self, values: Mapping[str, Any], around: Around | None = None) -> AnyRequest:
        around = around or self.around()
        here = around.offers, around.catalog, around.settings, around.extensions
        return accept(values, *here, self.pictures, self.get)

    def _rewritten(
        self, request: AnyRequest, around: Around | None = None
    ) -> tuple[AnyRequest, UserError | None]:
        """The request as extensions want it; as it was, with the error, if that goes wrong."""
        around = around or self.around()
        try:
            changed = around.extensions.rewrite(request, around.settings)
            return self._accept(changed.model_dump(), around), None
        except UserError as error:
            return request, error

    def _model_hash(self, model: str | None) -> str | None:
        try:
            return self._catalog.get(model).hash
        except UserError:
            return None


def _take_lock(paths: Paths) -> FileLock:
    """Be the one process that runs jobs on this data folder; the system frees it on any end."""
    lock = FileLock(paths.lock, thread_local=False)
    with explained(paths.state, paths.lock.name):
        try:
            paths.state.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout as error:
            raise UserError("data_in_use", folder=str(paths.data)) from error
    return lock


def worker_command(paths: Paths) -> list[str]:
    """Starts the worker: by the name of its module, as its house is not ours to import."""
    folders = {"data": paths.data, "models": paths.models, "outputs": paths.outputs}
    named = [part for name, path in folders.items() for part in (f"--{name}", str(path))]
    return [sys.executable, "-m", "webui.worker.process", *named]
