"""Pictures from the shell, through the queue that all doors share."""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webui.cli.asking import Ask, BadFile, asks_of
from webui.cli.connection import Connection, Gone, Refusal
from webui.cli.plotting import cells_of, plotted
from webui.cli.show import Bar
from webui.cli.words import worded
from webui.core.animation import Animation
from webui.core.errors import Problem, UserError
from webui.core.events import FINAL, Event, Job, JobState, Picture, Progress
from webui.core.files import PUBLIC, explained, save_atomically, write_atomically
from webui.jobs.results import settings_beside
from webui.timeline.settings_file import settings_of, write_settings

Open = Callable[[], AbstractContextManager[Connection]]
"""Reaches the running server, or one of our own that lasts as long as the context."""

TRIES = 3
"""Servers that may go away in the middle of a job before we give up."""
_PAUSE = 0.2
_SAY = ("film", "plot")
"""Kinds of jobs whose text is for people."""


@dataclass(frozen=True)
class Trouble:
    """What went wrong, and the file that it is about where there are several."""

    problem: Problem
    file: Path | None = None

    def sentence(self, language: str) -> str:
        """For people."""
        about = "" if self.file is None else f"{self.file}: "
        return about + worded(self.problem, language)

    def data(self) -> dict[str, Any]:
        """For programs."""
        about = {} if self.file is None else {"file": str(self.file)}
        return about | self.problem.model_dump(mode="json")


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        files: file, seed, seconds and parameters of each picture, and the file it was made of.
        said: what else there is to know, a sentence each.
        refused: nothing was begun, no request fits.
    """

    files: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    troubles: list[Trouble] = field(default_factory=list[Trouble])
    said: list[str] = field(default_factory=list[str])
    ok: bool = True
    refused: bool = True

    @property
    def exit_code(self) -> int:
        """0 all pictures are there, 2 the request does not fit, 1 anything else."""
        return 0 if self.ok else 2 if self.refused else 1

    def fail(
        self, problems: Iterable[Problem], file: Path | None = None, refused: bool = False
    ) -> None:
        """Something is not there."""
        self.troubles += [Trouble(problem, file) for problem in problems]
        self.ok = False
        self.refused &= refused


def run(options: argparse.Namespace, open_door: Open, language: str) -> int:
    """Make the pictures, show how far it is, and say what came of it."""
    options = argparse.Namespace(**{**vars(options), "language": language})
    if "json" in options:
        warned: list[Trouble] = []
        outcome = attempt(options, open_door, print_event, warned.append)
        problems, warnings = ([one.data() for one in some] for some in (outcome.troubles, warned))
        told = {"problems": problems, "warnings": warnings}
        _print_json(kind="result", ok=outcome.ok, files=outcome.files, **told)
        return outcome.exit_code
    bar = Bar(language)

    def warn(trouble: Trouble) -> None:
        bar.clear()
        print(f"webui: {trouble.sentence(language)}", file=sys.stderr)

    outcome = attempt(options, open_door, bar.show, warn)
    bar.clear()
    for made in outcome.files:
        print(f"{made['file']}\nseed {made['seed']}, {made['seconds']} s\n{made['parameters']}\n")
    for said in outcome.said:
        print(f"webui: {said}", file=sys.stderr)
    for trouble in outcome.troubles:
        print(f"webui: {trouble.sentence(language)}", file=sys.stderr)
    return outcome.exit_code


def print_event(event: Event) -> None:
    """One line of JSON; previews are for eyes."""
    if isinstance(event, Progress):
        event = event.model_copy(update={"preview": None})
    _print_json(**event.model_dump(mode="json"))


def _print_json(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def attempt(
    options: argparse.Namespace,
    open_door: Open,
    tell: Callable[[Event], None],
    warn: Callable[[Trouble], None] = lambda _: None,
) -> Outcome:
    """Do all that the command line asks for, one job after the other.

    Args:
        warn: told what is worth knowing of a job that was taken.
    """
    out: Path | None = getattr(options, "out", None)
    try:
        asks = plotted(asks_of(options), options)
        if out is not None:
            out = _writable(out.expanduser().resolve())
    except BadFile as bad:
        outcome = Outcome()
        outcome.fail(bad.problems, bad.path)
        return outcome
    except UserError as error:
        outcome = Outcome()
        outcome.fail([error.problem])
        return outcome
    errands = Errands(asks, out, tell, warn)
    errands.run(open_door)
    return errands.outcome


def _writable(folder: Path) -> Path:
    """The folder, made where it is missing: said before anything is drawn.

    Raises:
        UserError: nothing can be saved there.
    """
    with explained(folder, folder.name):
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return folder


class Errands:
    """Jobs one after the other; where the server goes away, the next one goes on."""

    def __init__(
        self,
        asks: Sequence[Ask],
        out: Path | None,
        tell: Callable[[Event], None],
        warn: Callable[[Trouble], None] = lambda _: None,
    ) -> None:
        self.outcome = Outcome()
        self._warn = warn
        self._todo = deque(asks)
        self._several = len(asks) > 1
        self._out = out
        self._tell = tell
        self._follower: Follower | None = None

    def run(self, open_door: Open) -> None:
        """Do them all, or as many as can be done."""
        tries = TRIES
        while self._todo:
            begun = len(self._todo)
            try:
                with open_door() as connection:
                    while self._todo:
                        self._do(self._todo[0], connection)
            except Gone as gone:
                tries = (TRIES if len(self._todo) < begun else tries) - 1
                perhaps_asked = self._follower is None and not gone.unheard
                if perhaps_asked or not tries:
                    return self.outcome.fail([gone.problem])
            except UserError as error:
                return self.outcome.fail([error.problem])

    def _do(self, ask: Ask, connection: Connection) -> None:
        about = ask.input if self._several else None
        interrupted = False
        film: Ask | None = None
        try:
            if self._follower is None:
                after = connection.last_event()
                taken = ask.submit(connection)
                for warning in taken.warnings:
                    self._warn(Trouble(warning, about))
                self._follower = Follower(taken.id, after, self._tell, cells_of(taken))
            job = self._follower.follow(connection)
            interrupted = self._follower.interrupted
            self._collect(job, ask, connection)
            film = ask.film_of(job)
        except BadFile as bad:
            self.outcome.fail(bad.problems, bad.path)
        except Refusal as refusal:
            self.outcome.fail(refusal.problems, about, refused=self._follower is None)
        except Gone:
            raise
        except UserError as error:
            self.outcome.fail([error.problem], about)
        self._follower = None
        self._todo.popleft()
        if interrupted:
            self._todo.clear()
        elif film is not None:
            self._todo.appendleft(film)

    def _collect(self, job: Job, ask: Ask, connection: Connection) -> None:
        """The pictures as files, copied where they were wanted."""
        about = ask.input if self._several else None
        problems = [job.problem] if job.problem else []
        files: list[dict[str, Any]] = []
        for picture in job.pictures:
            path = self._saved(picture, connection)
            if path is None:
                problems += [picture.problem] if picture.problem else []
                continue
            made = {
                "file": str(path),
                "seed": picture.seed,
                "seconds": picture.seconds,
                "parameters": picture.infotext,
            }
            files.append(made | ({"input": str(ask.input)} if ask.input else {}))
        self.outcome.files += files
        self.outcome.said += [job.text] if job.text and job.request.kind in _SAY else []
        self.outcome.ok &= not (job.text and job.request.kind == "plot")  # it has gaps
        self.outcome.refused = False
        wanted = job.request.images
        if job.state == JobState.FINISHED and len(files) < wanted and not problems:
            problems = [UserError("pictures_fewer", made=len(files), wanted=wanted).problem]
        if problems or job.state != JobState.FINISHED or len(files) != wanted:
            self.outcome.fail(problems, about)
        if job.pictures:
            self._save_settings(job, job.pictures[0])

    def _save_settings(self, job: Job, picture: Picture) -> None:
        """Beside an animation's frames, as where they were made."""
        if self._out is not None and isinstance(job.request, Animation):
            name = settings_beside(Path(_name(picture))).name
            text = write_settings(settings_of(job.request.settings))
            write_atomically(self._out / name, text.encode(), PUBLIC)

    def _saved(self, picture: Picture, connection: Connection) -> Path | None:
        if self._out is not None:
            return save_atomically(self._out, _name(picture), connection.picture(picture.id))
        return Path(picture.file) if picture.file is not None else None


class Follower:
    """Tells a job's events to its end. Ctrl+C cancels the job; a second one leaves it alone."""

    def __init__(
        self,
        job: str,
        after: int,
        tell: Callable[[Event], None],
        cells: frozenset[str] = frozenset(),
    ) -> None:
        """cells: other jobs whose events are told, too, as those of a plot."""
        self.interrupted = False
        self._cells = cells
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
            self.interrupted = True
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
            job = getattr(event, "job", self._job)
            if job == self._job or job in self._cells:
                self._tell(event)
                if event.kind in FINAL and job == self._job:
                    return


def _name(picture: Picture) -> str:
    if picture.file is not None:
        return Path(picture.file).name
    return f"{picture.index:05}-{picture.seed}.{picture.media_type.partition('/')[2]}"
