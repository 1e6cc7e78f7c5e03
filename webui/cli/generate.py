"""`webui generate`: pictures from the shell, through the queue that all doors share."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webui.cli.connection import Connection, Gone, Refusal
from webui.cli.parser import GENERATE_FIELDS
from webui.cli.show import Bar
from webui.cli.words import worded
from webui.core.errors import Problem, UserError
from webui.core.events import FINAL, Event, Job, JobState, Picture, Progress
from webui.core.files import save_atomically

Open = Callable[[], AbstractContextManager[Connection]]
"""Reaches the running server, or one of our own that lasts as long as the context."""

TRIES = 3
"""Servers that may go away in the middle of a job before we give up."""
_PAUSE = 0.2
_FIELDS = frozenset({"prompt", *GENERATE_FIELDS.values()})


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        files: file, seed, seconds and parameters of each picture.
        refused: nothing was begun, the request does not fit.
    """

    files: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    problems: list[Problem] = field(default_factory=list[Problem])
    ok: bool = False
    refused: bool = False

    @property
    def exit_code(self) -> int:
        """0 all pictures are there, 2 the request does not fit, 1 anything else."""
        return 0 if self.ok else 2 if self.refused else 1


def run(options: argparse.Namespace, open_door: Open, language: str) -> int:
    """Make the pictures, show how far it is, and say what came of it."""
    if "json" in options:
        outcome = attempt(options, open_door, print_event)
        problems = [problem.model_dump(mode="json") for problem in outcome.problems]
        _print_json(kind="result", ok=outcome.ok, files=outcome.files, problems=problems)
        return outcome.exit_code
    bar = Bar(language)
    outcome = attempt(options, open_door, bar.show)
    bar.clear()
    for made in outcome.files:
        print(f"{made['file']}\nseed {made['seed']}, {made['seconds']} s\n{made['parameters']}\n")
    for problem in outcome.problems:
        print(f"webui: {worded(problem, language)}", file=sys.stderr)
    return outcome.exit_code


def print_event(event: Event) -> None:
    """One line of JSON; previews are for eyes."""
    if isinstance(event, Progress):
        event = event.model_copy(update={"preview": None})
    _print_json(**event.model_dump(mode="json"))


def _print_json(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def attempt(options: argparse.Namespace, open_door: Open, tell: Callable[[Event], None]) -> Outcome:
    """Make the pictures; where the server goes away, the next one goes on with the job."""
    values = {name: value for name, value in vars(options).items() if name in _FIELDS}
    follower: Follower | None = None
    for tries_left in reversed(range(TRIES)):
        try:
            with open_door() as connection:
                if follower is None:
                    after = connection.last_event()
                    follower = Follower(connection.submit(values).id, after, tell)
                job = follower.follow(connection)
                return _collect(job, connection, getattr(options, "out", None))
        except Refusal as refusal:
            return Outcome(problems=refusal.problems, refused=follower is None)
        except Gone as gone:
            if follower is None or not tries_left:
                return Outcome(problems=[gone.problem])
        except UserError as error:
            return Outcome(problems=[error.problem])
    raise AssertionError("the last try returns")


class Follower:
    """Tells a job's events to its end. Ctrl+C cancels the job; a second one leaves it alone."""

    def __init__(self, job: str, after: int, tell: Callable[[Event], None]) -> None:
        self._job = job
        self._after = after
        self._tell = tell

    def follow(self, connection: Connection) -> Job:
        """Wait for the end of the job, over broken lines.

        Raises:
            Gone: the server does not answer any more.
        """
        try:
            return self._follow(connection)
        except KeyboardInterrupt:
            connection.cancel(self._job)
            return self._follow(connection)

    def _follow(self, connection: Connection) -> Job:
        while True:
            with closing(connection.events(self._after)) as events:
                self._listen(events)
            job = connection.job(self._job)
            if job.state in FINAL:
                return job
            time.sleep(_PAUSE)

    def _listen(self, events: Iterable[tuple[int | None, Event]]) -> None:
        for id, event in events:
            self._after = id or self._after
            if getattr(event, "job", self._job) == self._job:
                self._tell(event)
                if event.kind in FINAL:
                    return


def _collect(job: Job, connection: Connection, out: Path | None) -> Outcome:
    """The pictures as files, copied where they were wanted."""
    outcome = Outcome(problems=[job.problem] if job.problem else [])
    for picture in job.pictures:
        if out is not None:
            data = connection.picture(picture.id)
            path = save_atomically(out.expanduser().resolve(), _name(picture), data)
        elif picture.file is not None:
            path = Path(picture.file)
        else:
            outcome.problems += [picture.problem] if picture.problem else []
            continue
        outcome.files.append(
            {
                "file": str(path),
                "seed": picture.seed,
                "seconds": picture.seconds,
                "parameters": picture.infotext,
            }
        )
    whole = job.state == JobState.FINISHED and len(outcome.files) == job.request.images
    outcome.ok = whole and not outcome.problems
    return outcome


def _name(picture: Picture) -> str:
    if picture.file is not None:
        return Path(picture.file).name
    return f"{picture.index:05}-{picture.seed}.{picture.media_type.partition('/')[2]}"
